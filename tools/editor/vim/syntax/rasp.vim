" RASP: the colours.
if exists('b:current_syntax')
  finish
endif

syntax keyword raspStatement def return for if else
syntax keyword raspOperator and or not in
syntax keyword raspBoolean True False
syntax keyword raspSequence full_s indices length tokens tokens_asis tokens_bool tokens_float tokens_int tokens_str
syntax keyword raspFunction abs aggregate average contains count draw has_focus indicator largest len load_from_location
syntax keyword raspFunction mark_first_instance mark_last_instance max min range round select select_first
syntax keyword raspFunction select_from_first select_from_last select_last select_nearest select_next_identical
syntax keyword raspFunction selector_width shift smallest sort zip
syntax match raspDeclaration /\<set\s\+\(vocab\|max_length\|\(\(s-op\|selector\)\s\+\)\?example\)\>/
syntax match raspDeclaration /\<show\s\+\(\(s-op\|selector\)\s\+\)\?examples\?\>/
syntax match raspDeclaration /\<\(\(s-op\|selector\)\s\+\)\?examples\s\+\(on\|off\)\>/
syntax match raspDeclaration /\<full\s\+seq\s\+display\s\+\(on\|off\)\>/
syntax match raspInclude /\<load\ze\s*["']/
syntax match raspNumber /\<\d\+\(\.\d\+\)\?\>/
syntax match raspComment /#.*/ contains=@Spell
syntax region raspString start=/"/ end=/"/ oneline
syntax region raspString start=/'/ end=/'/ oneline

highlight default link raspStatement Statement
highlight default link raspOperator Operator
highlight default link raspBoolean Boolean
highlight default link raspSequence Identifier
highlight default link raspFunction Function
highlight default link raspDeclaration PreProc
highlight default link raspInclude Include
highlight default link raspNumber Number
highlight default link raspComment Comment
highlight default link raspString String

let b:current_syntax = 'rasp'
