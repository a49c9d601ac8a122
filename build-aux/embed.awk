# embed.awk - text files as C strings: `awk -v header=explain/assets.h -v prefix=asset -f embed.awk
# FILE... >assets.c`; NAME.EXT is prefix_NAME_EXT. Run with LC_ALL=C, so that bytes are bytes. A file
# must be text: no NUL. "?" is escaped against trigraphs.
BEGIN {
    print "/* Made by embed.awk from text files: edit those. */"
    printf "#include \"%s\"\n", header
}
FNR == 1 {
    if (NR > 1)
        print "    ;"
    name = FILENAME
    sub(/.*\//, "", name)
    gsub(/[^A-Za-z0-9]/, "_", name)
    printf "\nconst char %s_%s[] =\n", prefix, name
}
{
    # gsub() would do, but what two backslashes in its replacement are is told in more than one way.
    line = ""
    n = split($0, part, "")
    for (i = 1; i <= n; i++) {
        c = part[i]
        line = line (c == "\t" ? "\\t" : c == "\\" || c == "\"" || c == "?" ? "\\" c : c)
    }
    printf "    \"%s\\n\"\n", line
}
END { print "    ;" }
