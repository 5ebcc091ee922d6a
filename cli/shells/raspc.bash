# bash completion for raspc.  `raspc` itself says what may follow: lines of "plain,WORD", or of "file,SUFFIX" where a
# file name is wanted (all files where SUFFIX is empty).

_raspc_completion() {
    local current="${COMP_WORDS[COMP_CWORD]}" type value response index
    local words=() files=()
    # To bash, `--emit=graph` is three words.
    for ((index = 0; index <= COMP_CWORD; index++)); do
        if ((index > 1)) && [[ ${COMP_WORDS[index]} == "=" || ${words[-1]} == --*= ]]; then
            words[-1]+="${COMP_WORDS[index]}"
        else
            words+=("${COMP_WORDS[index]}")
        fi
    done
    response=$(
        IFS=$'\n'
        env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) _RASPC_COMPLETE=bash_complete "$1" 2>/dev/null
    )
    [[ $current == "=" ]] && current=
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            plain) COMPREPLY+=("$value") ;;
            file) files+=("$value") ;;
        esac
    done <<< "$response"
    if ((${#files[@]} > 0)); then
        compopt -o filenames 2>/dev/null
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current")
        for value in "${files[@]}"; do
            # Folders are in the list already; with a suffix, only names that end in it.
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
                compgen -f -X "!*$value" -- "$current" | while IFS= read -r name; do [[ -d $name ]] || printf '%s\n' "$name"; done
            )
        done
        # No such file: whatever the shell finds.
        ((${#COMPREPLY[@]} > 0)) || compopt -o default 2>/dev/null
    fi
    return 0
}

complete -o nosort -F _raspc_completion raspc
