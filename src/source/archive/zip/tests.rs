use super::*;

/// An archive of one member without content, as which `packed` bytes are stored by `method`.
fn of_nothing(name: &str, method: u16, packed: &[u8]) -> File {
    let name_length = (name.len() as u16).to_le_bytes();
    let mut stated = [20_u16, 0, method].map(u16::to_le_bytes).concat();
    stated.extend([0, 0, packed.len() as u32, 0].map(u32::to_le_bytes).concat());
    stated.extend(name_length);
    stated.extend([0; 2]);
    let mut bytes = [&b"PK\x03\x04"[..], &stated, name.as_bytes(), packed].concat();
    let start = bytes.len() as u32;
    bytes.extend([&b"PK\x01\x02\x14\0"[..], &stated, &[0; 14], name.as_bytes()].concat());
    let length = bytes.len() as u32 - start;
    bytes.extend(
        [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &length.to_le_bytes(), &start.to_le_bytes(), &[0; 2]].concat(),
    );
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    file
}

#[test]
fn a_folder_has_no_packed_content() {
    let empty: [(u16, &[u8]); 3] = [(STORED, b""), (DEFLATED, &[3, 0]), (DEFLATED, &[0, 0, 0, 0xff, 0xff, 3, 0])];
    for (method, packed) in empty {
        let member = Reader::open(of_nothing("x/", method, packed)).unwrap().next_member().unwrap().unwrap();
        assert!(matches!(member.content, Content::Folder), "{packed:?}");
    }
    let behind = [&[3, 0], &b"phone=13800138000"[..]].concat();
    let hiding: [(u16, &[u8], &str); 4] = [
        (STORED, b"phone=13800138000 phone=", "has content"),
        (STORED, b"13800138", "size and checksum"),
        (DEFLATED, &behind, "has content"),
        (DEFLATED, b"\x03\x00138001", "size and checksum"),
    ];
    for (method, packed, reason) in hiding {
        let error = Reader::open(of_nothing("x/", method, packed)).unwrap().next_member().err().unwrap().to_string();
        assert!(error.contains(reason) && !error.contains("1380"), "{error}");
    }
}
