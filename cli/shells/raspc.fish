# fish completion for raspc.  `raspc` itself says what may follow: lines of "plain,WORD" (a tab and what it does may
# follow), or of "file,SUFFIX" where a file name is wanted (all files where SUFFIX is empty).

function _raspc_completion
    set -l token (commandline -t)
    set -l response (env _RASPC_COMPLETE=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=$token raspc 2>/dev/null)
    set -l option (string match -r -- '^--[^=]+=' $token) # fish completes the whole of `--emit=graph`
    set -l suffixes
    for line in $response
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case plain
                echo "$option$parts[2]"
            case file
                set -a suffixes (string escape --style=regex -- $parts[2])
        end
    end
    if set -q suffixes[1]
        set -l pattern '^[^\t]*(?:'(string join '|' / $suffixes)')(?:\t|$)'
        __fish_complete_path $token | string match -r -e -- $pattern
        or __fish_complete_path $token # no such file: whatever the shell finds
    end
end

complete --no-files --command raspc --arguments "(_raspc_completion)"
