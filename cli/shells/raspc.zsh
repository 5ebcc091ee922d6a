#compdef raspc
# zsh completion for raspc.  `raspc` itself says what may follow, in three lines for each: "plain", a word and what it
# does (or "_"); or "file" and the suffix of the file names that are wanted (empty: all).

_raspc_completion() {
    local type value help
    local -a response words_alone words_with_help suffixes
    (( $+commands[raspc] )) || return 1
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) _RASPC_COMPLETE=zsh_complete raspc 2>/dev/null)}")
    for type value help in "${response[@]}"; do
        case $type in
            plain)
                if [[ $help == _ ]]; then
                    words_alone+=("$value")
                else
                    words_with_help+=("$value:$help")
                fi ;;
            file) suffixes+=("$value") ;;
        esac
    done
    compset -P '--*='  # a value is for what follows the `=`
    (( $#words_with_help )) && _describe -V unsorted words_with_help -U
    (( $#words_alone )) && compadd -U -V unsorted -a words_alone
    (( $#suffixes )) && _files -g "${(j: :)suffixes/#/*}"
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _raspc_completion "$@"
else
    compdef _raspc_completion raspc
fi
