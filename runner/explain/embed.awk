# embed.awk - text files as C strings: `awk -f embed.awk FILE... >assets.c`. Run with LC_ALL=C, so
# that bytes are bytes. A file must be text: no NUL. "?" is escaped against trigraphs.
BEGIN {
    print "/* Made by embed.awk from the files beside it: edit those. */"
    print "#include \"explain/assets.h\""
}
FNR == 1 {
    if (NR > 1)
        print "    ;"
    name = FILENAME
    sub(/.*\//, "", name)
    gsub(/[^A-Za-z0-9]/, "_", name)
    printf "\nconst char asset_%s[] =\n", name
}
{
    gsub(/\\/, "\\\\")
    gsub(/"/, "\\\"")
    gsub(/\?/, "\\?")
    gsub(/\t/, "\\t")
    printf "    \"%s\\n\"\n", $0
}
END { print "    ;" }
