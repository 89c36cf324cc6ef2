use super::*;

/// The header with `bytes` at `at`, and its checksum anew.
fn with(mut block: Block, at: usize, bytes: &[u8]) -> Block {
    block[at..at + bytes.len()].copy_from_slice(bytes);
    block[148..156].copy_from_slice(b"        ");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn header(name: &str, kind: u8, size: u64) -> Block {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn padded(content: &[u8]) -> Vec<u8> {
    let mut bytes = content.to_vec();
    bytes.resize(content.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn file(name: &str, content: &[u8]) -> Vec<u8> {
    [header(name, b'0', content.len() as u64).to_vec(), padded(content)].concat()
}

/// Names and contents; the archive is written again on the way and must be the same.
fn members(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let mut reader = Reader::new(Box::new(io::Cursor::new(bytes.to_vec())));
    let mut writer = Writer::new(Vec::new());
    let mut members = Vec::new();
    while let Some(member) = reader.next_member()? {
        let super::super::Head::Tar(head) = &member.head else { panic!() };
        let mut content = Vec::new();
        match member.content {
            Content::File { mut reader, size, .. } => {
                reader.read_to_end(&mut content).map_err(|error| explain(&error))?;
                assert_eq!(content.len() as u64, size);
                writer.member(head, Some((&mut content.as_slice(), size)))?;
            }
            _ => writer.member(head, None)?,
        }
        members.push((String::from_utf8_lossy(&member.name).into_owned(), content));
    }
    assert!(writer.finish(&reader).unwrap() == bytes, "written again");
    Ok(members)
}

#[test]
fn members_come_in_order_and_are_written_alike() {
    let records = b"20 path=a/long/name\n12 size=700\n";
    let bytes = [
        file("a.csv", b"13800138000\n"),
        header("folder/", b'5', 0).to_vec(),
        header("link", b'2', 0).to_vec(),
        header("pax", b'x', records.len() as u64).to_vec(),
        padded(records),
        header("short", b'0', 0).to_vec(),
        padded(&[7; 700]),
        vec![0; 1024],
    ]
    .concat();
    let names = ["a.csv", "folder/", "link", "a/long/name"];
    let found = members(&bytes).unwrap();
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
    assert_eq!((found[0].1.as_slice(), found[3].1.len()), (&b"13800138000\n"[..], 700));
}

#[test]
fn another_size_is_stated_everywhere() {
    let records = b"12 size=700\n";
    let bytes = [
        header("pax", b'x', records.len() as u64).to_vec(),
        padded(records),
        file("a", &[7; 700]),
        file("b", b"xy"),
        vec![0; 1024],
    ]
    .concat();
    let mut reader = Reader::new(Box::new(io::Cursor::new(bytes)));
    let mut writer = Writer::new(Vec::new());
    while let Some(member) = reader.next_member().unwrap() {
        let super::super::Head::Tar(head) = &member.head else { panic!() };
        writer.member(head, Some((&mut [9; 12_345].as_slice(), 12_345))).unwrap();
    }
    let written = writer.finish(&reader).unwrap();
    let found = members(&written).unwrap();
    assert!(found.iter().all(|(_, content)| content == &[9; 12_345]));
    assert!(memchr::memmem::find(&written, b"14 size=12345\n").is_some());
}

#[test]
fn what_is_not_sure_is_an_error() {
    let end = vec![0; 1024];
    let mut wrong_sum = file("a", b"x");
    wrong_sum[0] = b'b';
    let mut negative = header("a", b'0', 0);
    negative[124] = 0xff;
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("no end", file("a", b"x"), "ends too early"),
        ("cut", file("a", &[1; 600])[..1000].to_vec(), "ends too early"),
        ("checksum", [wrong_sum, end.clone()].concat(), "checksum"),
        ("number", [negative.to_vec(), end.clone()].concat(), "checksum"),
        ("behind", [file("a", b"x"), end.clone(), file("b", b"x"), end.clone()].concat(), "follow the end"),
        ("folder with content", [header("a", b'5', 3).to_vec(), end.clone()].concat(), "has content"),
        ("type", [header("a", b'M', 0).to_vec(), end.clone()].concat(), "type 'M'"),
        ("huge", [header("a", b'0', 0o777_7777_7777).to_vec(), end.clone()].concat(), "ends too early"),
        ("pax", [header("p", b'x', 4).to_vec(), padded(b"9 x\n"), end].concat(), "pax records"),
    ];
    for (what, bytes, reason) in cases {
        let error = members(&bytes).expect_err(what).to_string();
        assert!(error.contains(reason), "{what}: {error}");
    }
}

#[test]
fn nothing_stays_behind_the_end_of_a_name() {
    let mut block = header("a.csv", b'0', 0);
    block[50..61].copy_from_slice(b"13800138000");
    let written = header::written(&block, None).unwrap();
    assert!(memchr::memmem::find(&written, b"13800138000").is_none());
    assert_eq!(header::kind(&written).unwrap(), Kind::Member(b'0'));
}

#[test]
fn text_where_numbers_or_nothing_should_be_is_refused() {
    let posix = header("a", b'0', 0);
    let gnu = with(posix, 257, b"ustar  \0");
    let read = |block: Block| members(&[block.to_vec(), vec![0; 1024]].concat()).map(|_| ());
    let times = with(with(gnu, 345, b"14524770400\x0014524770401\0"), 483, b"00000001000\0");
    let sparse_start = with(gnu, 386, b"00000000000\x0000000001000 ");
    let binary = with(gnu, 136, &[0x80, 0, 0, 0, 0, 0, 0, 0, 0x69, 0x20, 0x10, 0x33]);
    let early = with(posix, 136, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x20, 0x10, 0x33]);
    for block in [posix, gnu, times, sparse_start, binary, early, with(posix, 508, b"tar\0")] {
        read(block).unwrap();
    }
    let phone = b"13800138000";
    let places = [345, 357, 375, 386, 440, 483, 497].map(|at| with(gnu, at, phone));
    let numbers = [100, 112, 136, 329].map(|at| with(posix, at, phone));
    let hidden = with(posix, 136, b"\x80\0\x0013800138");
    let rest = [hidden, with(posix, 500, phone), with(with(posix, 257, b"ustarx"), 345, phone)];
    for block in places.into_iter().chain(numbers).chain(rest) {
        let error = read(block).unwrap_err().to_string();
        assert!(error.contains("something else where a number") && !error.contains("1380"), "{error}");
    }
}

#[test]
fn keys_of_records_and_names_of_extensions_are_examined() {
    let record = |text: &str| format!("{} {text}\n", text.len() + 4).into_bytes();
    for (key, value) in [
        ("SCHILY.xattr.user.13800138000", "x"),
        ("13800138000time", "1"),
        ("mtime", "13800138000"),
        ("mtime", "1.13800138000"),
        ("comment", "13800138000"),
    ] {
        for kind in [b'x', b'g'] {
            let records = record(&format!("{key}={value}"));
            let extension = with(header("pax", kind, records.len() as u64), 265, b"somebody");
            let bytes = [extension.to_vec(), padded(&records), file("a", b"x"), vec![0; 1024]].concat();
            let mut reader = Reader::new(Box::new(io::Cursor::new(bytes)));
            let mut texts = reader.next_member().unwrap().unwrap().texts;
            texts.extend_from_slice(reader.texts());
            let has = |wanted: &[u8]| texts.iter().any(|text| memchr::memmem::find(text, wanted).is_some());
            assert!(has(b"13800138000") && has(b"pax") && has(b"somebody"), "{key}={value}");
        }
    }
    let records = b"20 mtime=1700000000\n29 atime=1700000000.12345678\n";
    let bytes =
        [header("p", b'x', records.len() as u64).to_vec(), padded(records), file("a", b"x"), vec![0; 1024]].concat();
    let texts = Reader::new(Box::new(io::Cursor::new(bytes))).next_member().unwrap().unwrap().texts;
    assert_eq!(texts, [b"p"], "times are no words");
}
