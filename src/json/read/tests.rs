//! What the reader takes for JSON, and where it says that things stand.

use super::*;

fn one(text: &str) -> Result<Node<'_>, Error> {
    Reader::new(text).next().unwrap()
}

#[test]
fn spans_and_lines_are_exact() {
    let text = "\u{feff}{\n  \"a\": [1, \"x\"],\n  \"a\": null }\n";
    let mut reader = Reader::new(text);
    let node = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    let lines = reader.into_lines();
    let [first, second] = node.members() else { panic!() };
    assert_eq!(
        &text[first.key_span.start as usize..first.key_span.end as usize],
        "\"a\""
    );
    assert_eq!(
        &text[first.node.span.start as usize..first.node.span.end as usize],
        "[1, \"x\"]"
    );
    assert!(second.node.is_null());
    assert_eq!(
        [node.span, first.key_span, second.key_span].map(|s| lines.line(s.start)),
        [1, 2, 3]
    );
}

#[test]
fn agrees_with_serde_json_about_what_is_json() {
    let texts = [
        "",
        " ",
        "1",
        "-",
        "-0",
        "01",
        "1.",
        "1.5e",
        "1.5e+3",
        "tru",
        "true",
        "nul",
        "[",
        "]",
        "[]",
        "[1,]",
        "[,1]",
        "{}",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\t\"",
        "\"\u{7f}é\"",
        "[1 2]",
        "{\"a\" 1}",
        "[{\"a\":[{}]}]",
        "'a'",
        "NaN",
        "+1",
        ".5",
        "[1}",
        "\"\\u+123\"",
    ];
    for text in texts {
        let ours = Reader::new(text)
            .collect::<Result<Vec<_>, _>>()
            .is_ok_and(|values| values.len() == 1);
        let theirs = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert_eq!(ours, theirs, "{text}");
    }
}

#[test]
fn errors_say_what_should_stand_where() {
    let message = |text| {
        let error = one(text).unwrap_err();
        format!("{}: {error}", error.offset)
    };
    assert_eq!(
        message("{\"a\": 1"),
        "7: the text ends where `,` or `}` should follow"
    );
    assert_eq!(message("{\"a\": 1, }"), "9: expected a key in double quotes");
    assert_eq!(message("{\"a\" 1}"), "5: expected `:`");
    assert_eq!(message("{\"a\": // x"), "6: expected a value");
    assert_eq!(message("\"abc"), "4: the text ends where `\"` should follow");
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(one(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(one(&nested(MAX_DEPTH + 1)).unwrap_err().problem, Problem::TooDeep);
    assert_eq!(one(&"[".repeat(100_000)).unwrap_err().problem, Problem::TooDeep);
}

#[test]
fn values_may_follow_one_another() {
    let values: Vec<_> = Reader::new("{}[]\n1 \"a\"\r\nnull").collect();
    assert_eq!(values.len(), 5);
    assert!(values.iter().all(Result::is_ok));
    let broken: Vec<_> = Reader::new("{} } {}").collect();
    assert_eq!(broken.len(), 2);
}

#[test]
fn a_special_byte_is_found_at_every_position() {
    for special in ["\"", "\\", "\n", "\u{1f}"] {
        for length in 0..40 {
            let text = format!("{}{special}\u{80}é\"", "~".repeat(length));
            assert_eq!(
                plain_end(text.as_bytes(), 0),
                length,
                "{special:?} after {length}"
            );
        }
    }
}
