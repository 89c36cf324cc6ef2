use super::*;
use encoding_rs::GB18030;
use proptest::prelude::*;

fn gb(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

fn head(text: &str, length: usize) -> &str {
    text.get(..length).unwrap()
}

fn find(slab: &Slab, needle: &str) -> Range<usize> {
    let start = memchr::memmem::find(slab.text(), needle.as_bytes()).unwrap();
    start..start + needle.len()
}

#[test]
fn utf8_is_taken_as_it_is() {
    let raw = "手机 13800138000\r\n第二行\n".as_bytes().to_vec();
    let slab = Slab::new(raw.clone(), 7, 3).unwrap();
    assert_eq!(slab.text(), raw);
    assert!(slab.transcript.is_none());
    assert_eq!((slab.byte_offset(), slab.first_line(), slab.line_of(0), slab.line_of(raw.len())), (7, 3, 3, 5));
}

#[test]
fn gb18030_lines_are_transcribed_and_mapped_back() {
    let mut raw = b"plain\n".to_vec();
    raw.extend(gb("姓名:张三,电话:13800138000,㐀\r\n"));
    raw.extend("姓名：李四\n".as_bytes());
    raw.extend(gb("地址:北京市\n"));
    let slab = Slab::new(raw.clone(), 0, 1).unwrap();
    assert_eq!(
        std::str::from_utf8(slab.text()).unwrap(),
        "plain\n姓名:张三,电话:13800138000,㐀\r\n姓名：李四\n地址:北京市\n"
    );
    for (word, bytes) in [
        ("张三", gb("张三")),
        ("13800138000", b"13800138000".to_vec()),
        ("㐀", gb("㐀")),
        ("李四", "李四".as_bytes().to_vec()),
        ("北京市\n", gb("北京市\n")),
    ] {
        assert_eq!(&raw[slab.raw_span(find(&slab, word))], bytes, "{word}");
    }
    let mut out = Vec::new();
    let edits = vec![
        (find(&slab, "张三"), "王五六".as_bytes().to_vec()),
        (find(&slab, "13800138000"), b"TOKEN".to_vec()),
        (find(&slab, "李四"), "赵*".as_bytes().to_vec()),
        (find(&slab, "北京市"), "上海".as_bytes().to_vec()),
    ];
    slab.splice(&edits, &mut out).unwrap();
    let mut expected = b"plain\n".to_vec();
    expected.extend(gb("姓名:王五六,电话:TOKEN,㐀\r\n"));
    expected.extend("姓名：赵*\n".as_bytes());
    expected.extend(gb("地址:上海\n"));
    assert_eq!(out, expected);
}

#[test]
fn lines_that_could_be_either_follow_their_neighbours() {
    // 模 is C4 A3, which is also U+0123 in UTF-8.
    let mut raw = gb("模\n");
    raw.extend(b"13800138000\n");
    raw.extend(gb("张三丰\n模\n"));
    let slab = Slab::new(raw, 0, 1).unwrap();
    assert_eq!(std::str::from_utf8(slab.text()).unwrap(), "模\n13800138000\n张三丰\n模\n");
    let mut out = Vec::new();
    slab.splice(&[(find(&slab, "13800138000"), "手机".as_bytes().to_vec())], &mut out).unwrap();
    assert_eq!(out, gb("模\n手机\n张三丰\n模\n"));
}

#[test]
fn other_bytes_are_refused_with_their_line_or_kept() {
    let raw = b"good\nbad \xff\xfe here\n138\n".to_vec();
    let error = Slab::new(raw.clone(), 0, 10).err().unwrap();
    assert_eq!(error.position, Some(Position::Line(11)));
    assert!(error.to_string().contains("--invalid-bytes keep"));
    let (slab, bad) = Slab::lenient(raw.clone(), 0, 10);
    assert_eq!(bad, Some(11));
    assert_eq!(slab.text(), raw);
    let span = find(&slab, "here");
    let mut out = Vec::new();
    slab.splice(&[(span.clone(), b"X".to_vec())], &mut out).unwrap();
    assert_eq!(out, b"good\nbad \xff\xfe X\n138\n");
    assert!(slab.splice(&[(span.clone(), "手".as_bytes().to_vec())], &mut out).is_err());
    // A whole new value may keep bytes of the old one.
    out.clear();
    slab.splice(&[(5..span.end, b"bad \xff\xfe X".to_vec())], &mut out).unwrap();
    assert_eq!(out, b"good\nbad \xff\xfe X\n138\n");
}

#[test]
fn unsorted_edits_and_edits_past_the_end_are_refused() {
    let slab = Slab::new(b"0123456789".to_vec(), 0, 1).unwrap();
    let edit = |span| (span, Vec::new());
    assert!(slab.splice(&[edit(4..6), edit(5..7)], &mut Vec::new()).is_err());
    assert!(slab.splice(&[edit(4..6), edit(1..2)], &mut Vec::new()).is_err());
    assert!(slab.splice(&[edit(9..11)], &mut Vec::new()).is_err());
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = 5..3;
    assert!(slab.splice(&[edit(reversed)], &mut Vec::new()).is_err());
}

#[test]
fn what_gb18030_cannot_hold_is_refused() {
    let slab = Slab::new(gb("张三丰 13800138000\n"), 0, 1).unwrap();
    let error = slab.splice(&[(0..9, "\u{E5E5}".as_bytes().to_vec())], &mut Vec::new()).unwrap_err();
    assert_eq!(error.position, Some(Position::Line(1)));
}

#[test]
fn long_gb18030_lines_are_mapped_from_the_middle() {
    let text = "张三a㐀13800138000😀".repeat(5000);
    let slab = Slab::new(gb(&text), 0, 1).unwrap();
    assert_eq!(slab.text(), text.as_bytes());
    assert!(slab.transcript.as_ref().unwrap().stretches.len() > 10);
    for (start, _) in text.match_indices("13800138000").step_by(97) {
        assert_eq!(slab.raw_span(start..start + 11).start, gb(head(&text, start)).len());
        assert_eq!(&slab.raw()[slab.raw_span(start..start + 11)], b"13800138000");
    }
}

#[test]
fn boundaries_hold_in_both_encodings() {
    for text in ["张三李四王五", "a张1三㐀😀x"] {
        for bytes in [text.as_bytes().to_vec(), gb(text)] {
            let starts: Vec<usize> = if bytes == text.as_bytes() {
                text.char_indices().map(|(at, _)| at).collect()
            } else {
                text.char_indices().map(|(at, _)| gb(head(text, at)).len()).collect()
            };
            let second = starts[1];
            for at in second..bytes.len() {
                let expected = starts.iter().copied().rfind(|start| *start <= at).unwrap();
                assert_eq!(gb18030::boundary_at_or_before(&bytes, at), expected, "{text} {at}");
                if gb(text).get(at).is_some_and(u8::is_ascii) {
                    assert_eq!(gb18030::is_trail(&gb(text), at), !is_start(text, at), "{text} {at}");
                }
                let ascii = text.as_bytes().get(at).is_some_and(u8::is_ascii);
                assert!(!ascii || !gb18030::is_trail(text.as_bytes(), at));
            }
        }
    }
}

fn is_start(text: &str, at: usize) -> bool {
    let whole = gb(text).len();
    at >= whole || text.char_indices().any(|(start, _)| gb(head(text, start)).len() == at)
}

proptest! {
    #[test]
    fn no_edit_changes_nothing(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        let (slab, _) = Slab::lenient(raw.clone(), 0, 1);
        let mut out = Vec::new();
        slab.splice(&[], &mut out).unwrap();
        prop_assert_eq!(&out, &raw);
        prop_assert_eq!(slab.raw_span(0..slab.text().len()), 0..raw.len());
        prop_assert_eq!(
            memchr::memchr_iter(b'\n', slab.text()).count(),
            memchr::memchr_iter(b'\n', &raw).count()
        );
    }

    #[test]
    fn a_span_of_any_mixed_text_maps_to_its_bytes(
        parts in prop::collection::vec(("[a-z0-9 ,张三丰㐀😀é|\\\\]{0,12}", any::<bool>()), 1..20),
        pick in any::<prop::sample::Index>(),
    ) {
        let mut raw = Vec::new();
        for (line, as_gb) in &parts {
            raw.extend(if *as_gb { gb(line) } else { line.as_bytes().to_vec() });
            raw.push(b'\n');
        }
        let (slab, bad) = Slab::lenient(raw.clone(), 0, 1);
        prop_assert_eq!(bad, None);
        let text = std::str::from_utf8(slab.text()).unwrap();
        let starts: Vec<(usize, char)> = text.char_indices().collect();
        let (start, character) = starts[pick.index(starts.len())];
        prop_assume!(character != '\n');
        let span = slab.raw_span(start..start + character.len_utf8());
        let bytes = &raw[span];
        let mut utf8 = [0; 4];
        prop_assert!(bytes == character.encode_utf8(&mut utf8).as_bytes() || bytes == gb(&character.to_string()));
        let mut out = Vec::new();
        slab.splice(&[(start..start + character.len_utf8(), character.to_string().into_bytes())], &mut out).unwrap();
        prop_assert_eq!(out, raw);
    }

    #[test]
    fn line_numbers_are_right(text in "[a\n]{0,200}", long in 0..3usize) {
        let text = text.replace('a', &"a".repeat(1 + long * 700));
        let slab = Slab::new(text.clone().into_bytes(), 0, 5).unwrap();
        for at in (0..=text.len()).step_by(37) {
            prop_assert_eq!(slab.line_of(at), 5 + text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() as u64);
        }
    }
}
