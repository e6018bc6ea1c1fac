//! String literals in expressions: escapes, data that looks like code, and where errors are reported.

use crate::column::{check, check_bools, compiled, numbers, text};
use crate::testkit::client::compile_status;

#[test]
fn text_is_data() {
    let columns = [text("a", 8, &["=", "a=b", "x;y", "if", "def f"])];
    for (index, literal) in ["'='", "'a=b'", "'x;y'", "'if'", "'def f'"].into_iter().enumerate() {
        let mut expected = [0; 5];
        expected[index] = 1;
        check_bools(&columns, &format!("a == {literal}"), &expected);
        assert!(compiled(&columns, None, literal).is_ok(), "{literal}");
    }
    check(&columns, "'{}#)\n' + \"it's\"", 36, &["{}#)\nit's"; 5]);
}

#[test]
fn escapes_and_prefixes() {
    let rows: &[(&str, &str)] = &[
        (r#"'\\\"\''"#, "\\\"'"),
        (r"'\n\t\r'", "\n\t\r"),
        (r"'\u00e9\U0001F600'", "é😀"),
        (r"b'\u00e9'", "é"),
        (r"B'\x41'", "A"),
        ("'é€😀'", "é€😀"),
    ];
    for (source, value) in rows {
        check(&[], source, value.chars().count() * 4, &[value]);
    }
    check_bools(&[], "'x' == b'x'", &[1]);
}

#[test]
fn errors_are_reported_at_the_quote() {
    let strings = [text("a", 4, &[])];
    let reals = [numbers("x", &[])];
    let rows: &[(&[_], &str, i32)] = &[
        (&reals, "'abc", 1),
        (&reals, "b'x", 1),
        (&reals, "   'x", 3),
        (&reals, r"'\q'", 1),
        (&reals, "x == 'abc", 5),
        (&reals, "x + 'abc", 4),
        (&reals, r"1 + '\q'", 4),
        (&strings, "a + 'x' 'y'", 11),
        (&strings, "a == 'foo' )", 12),
        (&strings, "a + 'x'x", 8),
        (&strings, "a + 'it''s'", 11),
        (&strings, "a + 'abc", 4),
        (&strings, "a == '", 5),
        (&strings, r"contains(a,'\q')", 11),
        (&strings, r"a + '\ud800'", 4),
        (&strings, r"a + '\u0000'", 4),
    ];
    for (columns, source, position) in rows {
        let failure = compiled(columns, None, source).err().unwrap_or_else(|| panic!("{source} compiled"));
        assert_eq!((failure.status, failure.position), (compile_status::PARSE, *position), "{source}");
    }
}
