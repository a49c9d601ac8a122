# Completion of fell in bash: the program itself knows what a word can become (fell --complete). Where it offers
# nothing, files are completed.
_fell()
{
    local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} full
    local -a words offers
    # Words as the shell divides them, which = and : do not.
    IFS=$' \t' read -ra words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    full=${words[${#words[@]} - 1]}
    mapfile -t offers < <("${words[0]/#~\//$HOME/}" --complete "${words[@]:1}" 2>/dev/null)
    # Names come from databases, too, and are quoted as words.
    COMPREPLY=()
    ((${#offers[@]} == 0)) || mapfile -t COMPREPLY < <(printf '%q\n' "${offers[@]}")
    # bash replaces what stands behind the last = or : alone.
    [[ $full == "$word" ]] || COMPREPLY=("${COMPREPLY[@]#"${full%"$word"}"}")
    if ((${#COMPREPLY[@]} == 0)); then
        compopt -o default
    elif [[ ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
}
complete -F _fell fell
