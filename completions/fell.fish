# Completion of fell in fish: the program itself knows what a word can become (fell --complete). Where it offers
# nothing, files are completed.
function __fell_offers
    set -l words (commandline -opc)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -l offers ($program --complete $words[2..-1] (commandline -ct) 2>/dev/null)
    if test (count $offers) -gt 0
        string join \n -- $offers
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c fell -f -a '(__fell_offers)'
