# The examples of a page as one shell script, in their order: a `sh` block as it is; a `yaml` or
# `c` block whose first line names a file writes that file.
/^```/ && open {
    if (open == 2)
        print "END_OF_EXAMPLE"
    open = 0
    next
}
/^```(sh|yaml|c)$/ { open = 1; first = 1; lang = substr($0, 4); next }
/^```/ { open = 3; next }
open == 1 && first && lang != "sh" {
    if (match($0, /[a-z_]+\.(yaml|c)/)) {
        print "cat >" substr($0, RSTART, RLENGTH) " <<'END_OF_EXAMPLE'"
        open = 2
    } else {
        open = 3
    }
}
open == 1 || open == 2 { first = 0; print }
