# embed.awk - joins the section files into one grammar and writes it as C, for the programs that check CIBs.
#
# The files are read in the order given.  What makes each of them a grammar of its own (declaration, <grammar>,
# <include>, <start>) and comments are left out; the definitions stay, one line of XML per line of C.  It relies on
# each of those tags being on lines of their own, as cib.rng says; anything else would show when the
# grammar is compiled, which the unit tests do.
BEGIN {
    print "/* Made by embed.awk from the .rng files of cib-schema/. */"
    print "#include \"daemon/cib/schema-text.h\""
    print ""
    print "const char cib_schema_text[] ="
    emit("<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\" xmlns:hf=\"urn:holdfast:schema\"" \
         " datatypeLibrary=\"http://www.w3.org/2001/XMLSchema-datatypes\">")
}

function emit(line) {
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    print "    \"" line "\\n\""
}

/<!--/ { comment = 1 }
comment { if (/-->/) comment = 0; next }
/<start>/ { start = 1 }
start { if (/<\/start>/) start = 0; next }
/<\?xml|<grammar|<\/grammar>|<include/ { next }
{
    sub(/^[ \t]+/, "")
    if ($0 != "") emit($0)
}

END {
    emit("</grammar>")
    print "    \"\";"
    print "const unsigned long cib_schema_text_length = sizeof cib_schema_text - 1;"
}
