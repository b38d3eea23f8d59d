/* region.h - memory for a command that reads, answers and ends.
 *
 * A document of some megabytes is a hundred thousand small pieces; allocating each, having the kernel fault
 * in each page and freeing each again takes longer than reading the text and deciding what to do about it.
 * Here they stand side by side in one range of addresses, which comes from the kernel in large pieces, and is
 * given back when the process ends.  Not for what runs on, a daemon or the shell. */
#ifndef HF_REGION_H
#define HF_REGION_H

#include <stdbool.h>
#include <stddef.h>

/* From now on libxml2 (xmlMemSetup()) and arenas allocate in the region; what they have from before they may
 * still free.  Once the answer is true there is no need to free a document.  False: all is as before, because
 * the kernel has no such range to give or a sanitizer is to watch each piece. */
bool hf_region_begin(void);

/* For arenas: size zeroed bytes; NULL without a region, or if it is full. */
void *hf_region_block(size_t size);
/* Takes a block back, to be used again; false if it is not of the region. */
bool hf_region_return(void *block, size_t size);

#endif
