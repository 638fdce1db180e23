const MESSAGES = 'needs protobuf messages or enums, which policies do not have: their data is JSON';
const DEDUCTION = 'asks for the static type that a checker deduces, which is no output of this room: variables are dyn';

/** Files and sections of CEL's conformance data that cannot be said in a policy, and why. */
export const EXCLUDED: ReadonlyMap<string, string> = new Map([
  ['block_ext', 'tests cel.block, which optimisers of the syntax tree put in and nobody writes'],
  ['comparisons/eq_wrapper', MESSAGES],
  ['dynamic', MESSAGES],
  ['enums', MESSAGES],
  ['parse/comments', MESSAGES],
  ['parse/struct_field_names', MESSAGES],
  ['parse/whitespace', MESSAGES],
  ['proto2', MESSAGES],
  ['proto2_ext', MESSAGES],
  ['proto3', MESSAGES],
  ['wrappers', MESSAGES],
  ['unknowns', 'has no cases'],
  ['type_deductions/field_access', MESSAGES],
  ['type_deductions/flexible_type_parameter_assignment', DEDUCTION],
  ['type_deductions/functions', DEDUCTION],
  ['type_deductions/legacy_nullable_types', MESSAGES],
  ['type_deductions/type_parameters', DEDUCTION],
  ['type_deductions/wrappers', MESSAGES],
]);

/** Cases that give something else, or nothing, by the reason why. */
export const KNOWN_FAILURES: readonly { readonly reason: string; readonly cases: readonly string[] }[] = [
  {
    reason: 'needs evaluation without a check; policies are always checked, and an unknown name is a problem',
    cases: [
      'basic/variables/unbound_is_runtime_error',
      'basic/functions/unbound_is_runtime_error',
      'parse/receiver_function_names/as',
      'parse/receiver_function_names/break',
      'parse/receiver_function_names/const',
      'parse/receiver_function_names/continue',
      'parse/receiver_function_names/else',
      'parse/receiver_function_names/for',
      'parse/receiver_function_names/function',
      'parse/receiver_function_names/if',
      'parse/receiver_function_names/import',
      'parse/receiver_function_names/let',
      'parse/receiver_function_names/loop',
      'parse/receiver_function_names/package',
      'parse/receiver_function_names/namespace',
      'parse/receiver_function_names/return',
      'parse/receiver_function_names/var',
      'parse/receiver_function_names/void',
      'parse/receiver_function_names/while',
    ],
  },
  {
    reason: 'literals of two types are not compared: the check tells of them as a mistake',
    cases: [
      'comparisons/eq_literal/not_eq_list_length',
      'comparisons/eq_literal/eq_mixed_types',
      'comparisons/eq_literal/eq_list_elem_mixed_types',
      'comparisons/ne_literal/ne_mixed_types',
    ],
  },
  {
    reason: 'needs protobuf messages, which policies do not have',
    cases: [
      'comparisons/eq_literal/eq_dyn_json_null',
      'comparisons/eq_literal/not_eq_dyn_proto2_msg_null',
      'comparisons/eq_literal/not_eq_dyn_proto3_msg_null',
      'comparisons/ne_literal/ne_proto2',
      'comparisons/ne_literal/ne_proto3',
      'comparisons/ne_literal/ne_proto2_missing_fields_neq',
      'comparisons/ne_literal/ne_proto3_missing_fields_neq',
      'comparisons/ne_literal/ne_proto_nan_not_equal',
      'comparisons/ne_literal/ne_proto_different_types',
      'comparisons/ne_literal/ne_proto2_any_unpack',
      'comparisons/ne_literal/ne_proto2_any_unpack_bytewise_fallback',
      'comparisons/ne_literal/ne_proto3_any_unpack',
      'comparisons/ne_literal/ne_proto3_any_unpack_bytewise_fallback',
      'optionals/optionals/has_optional_ofNonZeroValue_struct_optional_ofNonZeroValue_map_optindex_field',
      'optionals/optionals/optional_ofNonZeroValue_struct_optional_ofNonZeroValue_map_optindex_field',
      'optionals/optionals/struct_map_optindex_field',
      'optionals/optionals/struct_optional_ofNonZeroValue_map_optindex_field',
      'optionals/optionals/struct_map_optindex_field_nested',
      'optionals/optionals/struct_list_optindex_field',
      'optionals/optionals/empty_struct_optindex_hasValue',
      'optionals/optionals/optional_empty_struct_optindex_hasValue',
      'optionals/optionals/struct_optindex_value',
      'optionals/optionals/optional_struct_optindex_value',
      'optionals/optionals/optional_struct_optindex_index_value',
      'parse/nest/message_literal',
      'parse/repeat/select',
      'parse/repeat/message_literal',
      'type_deductions/complex_initializers/struct',
    ],
  },
  {
    reason: 'an int and a double are compared by their exact values, not by the nearest double',
    cases: [
      'comparisons/lt_literal/not_lt_dyn_int_big_lossy_double',
      'comparisons/gt_literal/not_gt_dyn_big_double_int',
      'comparisons/lte_literal/lte_dyn_big_double_int',
      'comparisons/gte_literal/gte_dyn_int_big_lossy_double',
    ],
  },
  {
    reason: 'the library has no double literals that begin with a dot',
    cases: ['comparisons/gt_literal/not_gt_double'],
  },
  {
    reason: 'the library calls the type of null null',
    cases: ['conversions/type/null_type', 'conversions/type/null_type_denotation'],
  },
  {
    reason: 'the library has no quoted field names; `m["a-b"]` says the same',
    cases: [
      'fields/quoted_map_fields/field_access_slash',
      'fields/quoted_map_fields/field_access_dash',
      'fields/quoted_map_fields/field_access_dot',
      'fields/quoted_map_fields/has_field_slash',
      'fields/quoted_map_fields/has_field_dash',
      'fields/quoted_map_fields/has_field_dot',
    ],
  },
  {
    reason: 'a variable has no dots in its name and no container',
    cases: [
      'fields/qualified_identifier_resolution/qualified_ident',
      'fields/qualified_identifier_resolution/map_field_select',
      'fields/qualified_identifier_resolution/qualified_identifier_resolution_unchecked',
      'fields/qualified_identifier_resolution/ident_with_longest_prefix_check',
      'namespace/qualified/self_eval_qualified_lookup',
      'namespace/namespace/self_eval_container_lookup',
      'namespace/namespace/self_eval_container_lookup_unchecked',
    ],
  },
  {
    reason: 'map literals take keys of every type, as in cel-go',
    cases: [
      'fields/qualified_identifier_resolution/map_key_float',
      'fields/qualified_identifier_resolution/map_key_null',
    ],
  },
  {
    reason: 'the last of two equal keys of a map literal wins, as in cel-go',
    cases: [
      'fields/qualified_identifier_resolution/map_value_repeat_key',
      'fields/qualified_identifier_resolution/map_value_repeat_key_heterogeneous',
    ],
  },
  {
    reason: 'needs evaluation without a check; policies are always checked, and branches of two types are a problem',
    cases: ['logic/conditional/mixed_type'],
  },
  {
    reason:
      'needs evaluation without a check; policies are always checked, and operands that are no bool are a problem',
    cases: [
      'logic/AND/short_circuit_type_left',
      'logic/AND/short_circuit_type_right',
      'logic/OR/short_circuit_type_left',
      'logic/OR/short_circuit_type_right',
    ],
  },
  {
    reason: 'the library cannot type the elements of an empty list',
    cases: ['macros/all/list_empty', 'macros2/all/list_empty', 'macros2/transformList/empty_filter'],
  },
  {
    reason: 'the keys of map literals are text to the library',
    cases: ['macros/exists_one/map_one', 'macros2/existsOne/map_one'],
  },
  {
    reason: 'the library selects nothing of optional.none() or of an empty map literal',
    cases: [
      'optionals/optionals/map_undefined_entry_hasValue',
      'optionals/optionals/optional_chaining_5',
      'optionals/optionals/optional_none_optselect_hasValue',
      'optionals/optionals/optional_none_optindex_hasValue',
    ],
  },
  {
    reason: 'has() takes no optional to look into',
    cases: [
      'optionals/optionals/has_map_optindex',
      'optionals/optionals/has_map_optindex_field',
      'optionals/optionals/optional_chaining_9',
    ],
  },
  {
    reason: 'the library gives optionals no type',
    cases: ['optionals/optionals/type'],
  },
  {
    reason: 'the library has no optional elements and entries in literals',
    cases: [
      'optionals/optionals/optional_chaining_12',
      'optionals/optionals/optional_chaining_13',
      'optionals/optionals/optional_chaining_14',
      'optionals/optionals/optional_chaining_15',
      'optionals/optionals/optional_chaining_16',
      'optionals/optionals/map_optional_entry_has',
    ],
  },
  {
    reason: 'has() does not look into optionals, as in cel-go',
    cases: ['optionals/optionals/map_optional_select_has'],
  },
  {
    reason: 'the library has no raw bytes literals with this prefix',
    cases: [
      'parse/bytes_literals/raw_single_quoted_escapes',
      'parse/bytes_literals/raw_double_quoted_escapes',
      'parse/bytes_literals/raw_triple_single_quoted_escapes',
      'parse/bytes_literals/raw_triple_double_quoted_escapes',
      'parse/bytes_literals/upper_raw_single_quoted_escapes',
      'parse/bytes_literals/upper_raw_double_quoted_escapes',
      'parse/bytes_literals/upper_raw_triple_single_quoted_escapes',
      'parse/bytes_literals/upper_raw_triple_double_quoted_escapes',
    ],
  },
  {
    reason: 'timestamps have milliseconds',
    cases: [
      'timestamps/timestamp_conversions/toString_timestamp_nanos',
      'timestamps/timestamp_arithmetic/add_time_to_duration_nanos_positive',
      'timestamps/timestamp_range/add_duration_nanos_over',
    ],
  },
  {
    reason: 'the library takes a duration plus a timestamp for a duration when it checks',
    cases: ['timestamps/timestamp_arithmetic/add_time_to_duration'],
  },
  {
    reason: 'all milliseconds of a duration, as in cel-go',
    cases: ['timestamps/duration_converters/get_milliseconds'],
  },
];
