use super::*;

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
