# Completion of fell in fish: the program itself knows what a word can become (fell --complete); files beside it.
complete -c fell -a '(fell --complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
