use proptest::prelude::*;

use super::*;
use crate::finding::{Place, Traits};
use crate::policy::OperatorSpec;
use crate::transform::tests::{NAME, PHONE, deidentify};

const TOKEN: &str = "6ncji5psbjk2apctzjz6";

/// The literal after `needle` in it was found as a value of `entity` wherever it stands.
fn after(
    spec: OperatorSpec,
    kind: &ColumnKind,
    text: &str,
    entity: crate::finding::EntityId,
    needle: &str,
) -> Result<Option<String>, DataError> {
    let found = |(start, _): (usize, &str)| Match {
        entity,
        score: 0.9,
        place: Place::Cell { column: 0, row: 0 },
        start: start as u32,
        end: (start + needle.len()) as u32,
        traits: Traits::default(),
    };
    let matches: Vec<Match> = text.match_indices(needle).map(found).collect();
    assert!(!matches.is_empty());
    let new = rewritten(&deidentify(spec), kind, text.as_bytes(), &matches, &mut Ledger::default())?;
    Ok(new.map(|value| String::from_utf8(value.unwrap()).unwrap()))
}

fn hashed(text: &str) -> String {
    after(OperatorSpec::Hash, &ColumnKind::FREE_TEXT, text, PHONE, "13800138000").unwrap().unwrap()
}

#[test]
fn values_are_replaced_in_their_elements() {
    for (text, expected) in [
        ("{13800138000}", "{T}"),
        ("{a,13800138000,NULL,13800138000}", "{a,T,NULL,T}"),
        (r#"{"tel \"13800138000\"","a,b{}",""}"#, r#"{"tel \"T\"","a,b{}",""}"#),
        ("{{x,13800138000},{\"NULL\",y}}", "{{x,T},{\"NULL\",y}}"),
        ("[0:1]={13800138000,b}", "[0:1]={T,b}"),
        (r#"{"\\13800138000 13800138000"}"#, r#"{"\\T T"}"#),
    ] {
        assert_eq!(hashed(text), expected.replace('T', TOKEN), "{text}");
    }
}

#[test]
fn an_element_is_quoted_when_its_new_text_needs_it() {
    let with = |template: &str| {
        let spec = OperatorSpec::Replace(template.to_owned());
        after(spec, &ColumnKind::FREE_TEXT, "{13800138000,b}", PHONE, "13800138000").unwrap().unwrap()
    };
    assert_eq!(with("<p>"), "{<p>,b}");
    assert_eq!(with("a b"), "{\"a b\",b}");
    assert_eq!(with("a,\"\\"), r#"{"a,\"\\",b}"#);
    assert_eq!(with("null"), "{\"null\",b}");
    let with = |spec| after(spec, &ColumnKind::FREE_TEXT, "{13800138000,\"b\"}", PHONE, "13800138000").unwrap();
    assert_eq!(with(OperatorSpec::Redact).unwrap(), "{\"\",\"b\"}");
    assert_eq!(with(OperatorSpec::Null).unwrap(), "{NULL,\"b\"}");
    assert_eq!(with(OperatorSpec::Keep), None);
}

#[test]
fn elements_have_their_own_types_and_widths() {
    let number = ColumnKind::Number { digits: 18, nullable: true };
    let of = |kind: &ColumnKind| after(OperatorSpec::Hash, kind, "{1,13800138000}", PHONE, "13800138000");
    let new = of(&number).unwrap().unwrap();
    assert!(
        new.len() == 15
            && new.bytes().skip(3).take(11).all(|byte| byte.is_ascii_digit())
            && !new.contains("13800138000")
    );
    let narrow = ColumnKind::Text { max_chars: Some(11), nullable: true };
    assert_eq!(of(&narrow).unwrap().unwrap(), new, "the same-shape value in both");
    let error = of(&ColumnKind::Fixed("date".to_owned())).unwrap_err();
    assert!(error.reason.contains("type date"));
    let documents = r#"{"{\"p\": \"13800138000\", \"n\": \"a\\\"13800138000\"}"}"#;
    let new = after(OperatorSpec::Hash, &ColumnKind::Json, documents, PHONE, "13800138000").unwrap();
    assert_eq!(new.unwrap(), documents.replace("13800138000", TOKEN));
}

#[test]
fn what_is_not_within_one_element_is_refused() {
    for (text, needle) in [("{a,b}", "a,b"), ("{a}", "{a}"), ("{NULL}", "NULL"), ("{\"a\",b}", "\"a\"")] {
        let error = after(OperatorSpec::Hash, &ColumnKind::FREE_TEXT, text, NAME, needle).unwrap_err();
        assert!(!error.to_string().contains(needle) || needle == "NULL", "{error}");
    }
}

#[test]
fn what_the_server_does_not_write_is_refused() {
    for text in [
        "", "a", "{", "{a", "{a,}", "{,a}", "{a}b", "{a b}", "{\"a}", "{\"a\"b}", "{a{b}}", "{{a}b}", "}", "[1:1]{a}",
        r"{a\b}", "{a}}", "{\"a\\",
    ] {
        assert!(elements(text.as_bytes()).is_err(), "{text}");
    }
    for (text, count) in [("{}", 0), ("{{},{}}", 0), ("{a}", 1), ("{\"\"}", 1), ("[2:3]={1,-2}", 2)] {
        assert_eq!(elements(text.as_bytes()).unwrap().len(), count, "{text}");
    }
}

proptest! {
    /// A literal as the server writes it; every element comes back with its phones replaced and nothing else.
    #[test]
    fn elements_come_back(
        parts in prop::collection::vec(prop::collection::vec(
            prop::sample::select(vec!["P", "a", "张", " ", "\"", "\\", "{", "}", ",", "NULL", "\n"]), 0..5), 1..6),
        quote_all in any::<bool>(),
    ) {
        let values: Vec<String> = parts.iter().map(|parts| parts.join("|")).collect();
        let literal = |phone: &str| {
            let mut out = b"{".to_vec();
            for (index, value) in values.iter().enumerate() {
                out.extend_from_slice(if index > 0 { b"," } else { b"" });
                encode(value.replace('P', phone).as_bytes(), quote_all, &mut out);
            }
            out.push(b'}');
            String::from_utf8(out).unwrap()
        };
        let text = literal("13800138000");
        if text.contains("13800138000") {
            prop_assert_eq!(hashed(&text), literal(TOKEN));
        }
        let read: Vec<Vec<u8>> = elements(text.as_bytes()).unwrap().iter().map(|element| {
            let raw = &text.as_bytes()[element.content()];
            decoded(raw, 0, &[], element.quoted).unwrap().0
        }).collect();
        let expected: Vec<Vec<u8>> = values.iter().map(|value| value.replace('P', "13800138000").into_bytes()).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a\"\\\\{}, \\[\\]:=0N]{0,16}") {
        let Ok(elements) = elements(text.as_bytes()) else { return Ok(()) };
        for pair in elements.windows(2) {
            prop_assert!(pair[0].span.end < pair[1].span.start);
        }
    }
}
