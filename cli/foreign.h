/* foreign.h - words that users of other shells know and that have no meaning here: what to use instead. */
#ifndef HF_CLI_FOREIGN_H
#define HF_CLI_FOREIGN_H

/* area: "" for words that stand alone. A sentence without its full stop, or NULL if the word is not known. */
const char *foreign_word(const char *area, const char *word);

#endif
