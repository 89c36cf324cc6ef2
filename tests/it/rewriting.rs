//! De-identifying and anonymizing: closed loop, same token everywhere, manifest, verify.

use crate::program::{Folder, POLICY, contains, gunzip, gzip, zstd};

const CSV: &str = "name,mobile,note\n张伟,13800138000,ok\n李娜,13912345678,\"call \"\"13912345678\"\"\"\n王芳,,none\n";
const LOG: &str = "2024-01-01 用户手机13912345678已绑定\n2024-01-01 身份证 11010519491231002X\n";
const NDJSON: &str =
    "{\"user\":{\"mobile\":\"13912345678\",\"n\":1}}\n{\"user\":{\"mobile\":\"\\u0031391234567\\u0038\"}}\n";

fn prepared() -> Folder {
    let folder = Folder::new();
    folder.write("in/people.csv", CSV);
    folder.write("in/sub/app.log", LOG);
    folder.write("in/users.ndjson", NDJSON);
    folder.write("in/people.csv.gz", gzip(CSV.as_bytes()));
    folder.write("in/app.log.zst", zstd(LOG.as_bytes()));
    folder.write("p.yml", POLICY);
    folder.tuomin(&["key", "new", "k"]).expect(0);
    folder
}

fn deidentify(folder: &Folder, more: &[&str]) -> crate::program::Ended {
    folder.tuomin(&[&["deidentify", "--key-file", "k", "--policy", "p.yml"], more].concat())
}

#[test]
fn no_original_is_left_and_equal_values_have_equal_tokens() {
    let folder = prepared();
    deidentify(&folder, &["in", "-o", "out"]).expect(0);
    let csv = folder.text("out/people.csv");
    let token = csv.lines().nth(2).unwrap().split(',').nth(1).unwrap().to_owned();
    assert_eq!(token.len(), 20, "{csv}");
    assert!(csv.contains(&format!("\"call \"\"{token}\"\"\"")), "{csv}");
    assert!(csv.starts_with("name,mobile,note\n") && csv.contains(",,none\n"), "{csv}");
    let outputs = [
        csv.into_bytes(),
        folder.read("out/sub/app.log"),
        folder.read("out/users.ndjson"),
        gunzip(&folder.path("out/people.csv.gz")),
        gunzip(&folder.path("out/app.log.zst")),
    ];
    for output in &outputs {
        assert!(contains(output, token.as_bytes()));
        for original in ["13912345678", "13800138000", "11010519491231002X", "1391234567"] {
            assert!(!contains(output, original.as_bytes()), "{original}");
        }
    }
    let manifest = folder.text("out/_tuomin-manifest.json");
    for original in ["13912345678", "11010519491231002X", "张伟"] {
        assert!(!manifest.contains(original));
    }
    assert!(manifest.contains("key_id") && !manifest.contains(folder.text("k").trim().rsplit(':').next().unwrap()));
    // Nothing but outputs and the manifest.
    assert_eq!(folder.files().iter().filter(|name| name.starts_with("out/")).count(), 6);
    // The inputs are as they were.
    assert_eq!(folder.text("in/people.csv"), CSV);
}

#[test]
fn the_same_key_gives_the_same_output_with_any_number_of_threads() {
    let folder = prepared();
    folder.write("in/large.log", LOG.repeat(150_000));
    for (out, threads) in [("one", "1"), ("four", "4")] {
        deidentify(&folder, &["in", "-o", out, "--threads", threads]).expect(0);
    }
    for name in ["people.csv", "sub/app.log", "users.ndjson", "people.csv.gz", "large.log", "_tuomin-manifest.json"] {
        assert!(folder.read(&format!("one/{name}")) == folder.read(&format!("four/{name}")), "{name}");
    }
}

#[test]
fn anonymize_links_within_a_run_and_not_beyond() {
    let folder = prepared();
    let token = |out: &str| {
        folder.tuomin(&["anonymize", "in", "-o", out, "--policy", "p.yml"]).expect(0);
        let csv = folder.text(&format!("{out}/people.csv"));
        let token = csv.lines().nth(2).unwrap().split(',').nth(1).unwrap().to_owned();
        assert!(folder.text(&format!("{out}/sub/app.log")).contains(&token));
        assert!(folder.text(&format!("{out}/_tuomin-manifest.json")).contains("\"key_id\": null"));
        token
    };
    assert_ne!(token("one"), token("two"));
}

#[test]
fn keeping_everything_is_byte_for_byte() {
    let folder = prepared();
    folder.write("p.yml", POLICY.replace("hash", "keep"));
    deidentify(&folder, &["in", "-o", "out"]).expect(0);
    for (name, content) in [("people.csv", CSV), ("sub/app.log", LOG), ("users.ndjson", NDJSON)] {
        assert_eq!(folder.text(&format!("out/{name}")), content);
    }
    assert_eq!(gunzip(&folder.path("out/people.csv.gz")), CSV.as_bytes());
}

#[test]
fn a_stream_comes_out_as_it_went_in_but_for_the_values() {
    let folder = prepared();
    let arguments = ["deidentify", "-", "-o", "-", "--key-file", "k", "--policy", "p.yml"];
    let ended = folder.tuomin_with(&arguments, LOG.as_bytes()).expect(0);
    let out = ended.out();
    assert_eq!(out.lines().count(), 2);
    assert!(out.starts_with("2024-01-01 用户手机") && !out.contains("13912345678"), "{out}");
    assert!(ended.stderr.contains("rewritten"), "the report goes to standard error: {}", ended.stderr);
    let packed = folder.tuomin_with(&arguments, &gzip(LOG.as_bytes())).expect(0);
    folder.write("packed", &packed.stdout);
    assert_eq!(gunzip(&folder.path("packed")), out.as_bytes());
}

#[test]
fn outputs_are_never_put_over_anything_unasked() {
    let folder = prepared();
    deidentify(&folder, &["in/people.csv", "-o", "out.csv"]).expect(0);
    let first = folder.read("out.csv");
    assert!(folder.path("out.csv.manifest.json").exists());
    deidentify(&folder, &["in/sub/app.log", "-o", "out.csv"]).expect(2);
    assert_eq!(folder.read("out.csv"), first);
    deidentify(&folder, &["in/sub/app.log", "-o", "out.csv", "--force"]).expect(0);
    assert_ne!(folder.read("out.csv"), first);
    let before = folder.files();
    for arguments in [
        &["in", "-o", "in/out"][..],
        &["in", "-o", "in"],
        &["in", "-o", "./in/../in/deep/er"],
        &["in/people.csv", "-o", "in/people.csv", "--force"],
        &["in/people.csv", "-o", "in/", "--force"],
        &["in", "-o", "-"],
        &["in", ".", "-o", "elsewhere"],
    ] {
        deidentify(&folder, arguments).expect(2);
    }
    assert_eq!(folder.files(), before);
}

#[test]
fn verify_tells_what_was_changed() {
    let folder = prepared();
    deidentify(&folder, &["in", "-o", "out"]).expect(0);
    let verify = ["verify", "out", "--policy", "p.yml"];
    folder.tuomin(&verify).expect(0);
    let mut changed = folder.read("out/sub/app.log");
    changed.extend_from_slice("手机13912345678\n".as_bytes());
    folder.write("out/sub/app.log", &changed);
    let ended = folder.tuomin(&verify).expect(1);
    assert!(ended.stderr.contains("sub/app.log") && !ended.stderr.contains("13912345678"), "{}", ended.stderr);
    std::fs::remove_file(folder.path("out/people.csv")).unwrap();
    folder.tuomin(&verify).expect(3);
    folder.tuomin(&["verify", "in"]).expect(2);
}

/// The manifest of an output folder had another name before.
#[test]
fn a_manifest_under_its_former_name_is_known() {
    let folder = prepared();
    deidentify(&folder, &["in", "-o", "out"]).expect(0);
    std::fs::rename(folder.path("out/_tuomin-manifest.json"), folder.path("out/tuomin-manifest.json")).unwrap();
    folder.tuomin(&["verify", "out", "--policy", "p.yml"]).expect(0);
    let ended = deidentify(&folder, &["out", "-o", "twice"]).expect(2);
    assert!(ended.stderr.contains("output of a run"), "{}", ended.stderr);
}

#[test]
fn a_manifest_cannot_lead_out_of_its_folder() {
    let folder = prepared();
    deidentify(&folder, &["in", "-o", "out"]).expect(0);
    let manifest = folder.text("out/_tuomin-manifest.json").replace("\"people.csv\"", "\"../in/people.csv\"");
    folder.write("out/_tuomin-manifest.json", manifest);
    let ended = folder.tuomin(&["verify", "out", "--policy", "p.yml"]).expect(3);
    assert!(ended.stderr.contains("leads elsewhere"), "{}", ended.stderr);
}

#[test]
fn the_key_file_is_never_an_input() {
    let folder = prepared();
    std::fs::copy(folder.path("k"), folder.path("in/k")).unwrap();
    folder.tuomin(&["deidentify", "in", "-o", "out", "--key-file", "in/k", "--policy", "p.yml"]).expect(2);
}

/// Rules find a name by its label; in the rewritten file it must not stand without one either.
#[test]
fn a_value_replaced_in_one_place_is_replaced_where_no_rule_finds_it() {
    let folder = prepared();
    folder.write("names.log", "姓名：欧阳建国，已登记\n今天欧阳建国来过\n订单号 13912345678\n手机 13912345678\n");
    folder.write("names.csv", "姓名,备注\n欧阳建国,欧阳建国本人签收\n李娜,\n");
    for file in ["names.log", "names.csv"] {
        deidentify(&folder, &[file, "-o", "one"]).expect(0);
        let text = folder.text("one");
        assert!(!text.contains("欧阳建国") && !text.contains("13912345678"), "{text}");
        std::fs::remove_file(folder.path("one")).unwrap();
        std::fs::remove_file(folder.path("one.manifest.json")).unwrap();
    }
}

const TYPES: &str = r#"CREATE TABLE public.devices (
    id bigint NOT NULL,
    mobile character varying(11) NOT NULL,
    phones text[],
    numbers bigint[],
    bank_card bigint,
    extra jsonb,
    last_ip inet NOT NULL,
    net cidr,
    mac macaddr,
    device_mac character(12),
    email character varying(19)
);

COPY public.devices (id, mobile, phones, numbers, bank_card, extra, last_ip, net, mac, device_mac, email) FROM stdin;
1	13912345678	{13912345678,"tel 13912345678",NULL}	{13912345678,NULL}	6222021234567890128	{"phone": 13912345678, "note": "a \\"13912345678\\""}	113.57.182.26	113.57.182.26/32	f4:5c:89:aa:bb:cd	f45c89aabbcd	zhangwei@example.cn
2	13800138001	\N	{}	\N	{}	10.0.0.1	\N	\N	\N	\N
\.
"#;

#[test]
fn a_replaced_value_is_replaced_bare_short_inside_longer_runs_and_in_other_spellings() {
    let folder = prepared();
    let labelled = "联系电话：85699449\nmac f4:5c:89:aa:bb:cd\n手机 13905053161\n对公账号 1202021509\n\
        身份证 11010519491231002X\n";
    let bare = "seq 85699449\nraw f45c89aabbcd F45C89AABBCD\nuuid 6ba7b810-9dad-11d1-80b4-f45c89aabbcd\n\
        n 1202021509\norder 20231113905053161 13905053161999 x20231113905053161999y\n\
        id_11010519491231002X_3 20231111010519491231002x\n";
    let untouched = "date 20231113, part 856994491, version 0.85699449, id 12345678\n";
    folder.write("a.log", format!("{labelled}{bare}{untouched}"));
    let people = "联系电话,对公账号,id\n85699449,1202021509,1\n,,85699449\n,,1202021509\n,,12345678\n";
    folder.write("in/b.csv", people);
    deidentify(&folder, &["a.log", "-o", "o.log"]).expect(0);
    let out = folder.text("o.log");
    let lower = out.to_lowercase();
    let head = out.strip_suffix(untouched).expect("what only looks alike stays as it is");
    let lower = lower.get(..head.len()).unwrap();
    for original in ["85699449", "f45c89aabbcd", "13905053161", "1202021509", "11010519491231002x"] {
        assert!(!lower.contains(original), "{original} in {out}");
    }
    let token = |label: &str| {
        let line = out.lines().find(|line| line.starts_with(label)).unwrap();
        line.rsplit([' ', '：']).next().unwrap().to_owned()
    };
    assert_eq!(token("联系电话"), token("seq"));
    assert_eq!(token("对公账号"), token("n "));
    assert!(token("uuid").ends_with(&token("mac")), "{out}");
    folder.tuomin(&["deidentify", "--key-file", "k", "in/b.csv", "-o", "b.csv"]).expect(0);
    let csv = folder.text("b.csv");
    assert!(!csv.contains("85699449") && !csv.contains("1202021509") && csv.contains("12345678"), "{csv}");
}

#[test]
fn escaped_values_are_replaced_with_the_token_of_the_plain_ones_and_stay_escaped() {
    let folder = prepared();
    folder.write("plain.log", "手机 13912345678 姓名：张伟 邮箱 zhang@example.com\n");
    folder.write(
        "escaped.log",
        concat!(
            "GET /u?phone=%2B8613912345678&name=%E5%BC%A0%E4%BC%9F&mail=zhang%40example.com HTTP/1.1\n",
            "{\"m\":\"\\u59d3\\u540d\\uff1a\\u5f20\\u4f1f \\u624b\\u673a 1391234567\\u0038\"}\n",
            "bare %31%33%39%31%32%33%34%35%36%37%38 and 50%ab, 100% \\u12 %zz\n",
        ),
    );
    folder.write("t.csv", "id,url\n1,https://a.example/?mobile=139%31%32%33%345678&x=%20\n");
    deidentify(&folder, &["plain.log", "-o", "plain"]).expect(0);
    let plain = folder.text("plain");
    let tokens: Vec<&str> = plain.trim().split([' ', '：']).collect();
    let [_, mobile, _, name, _, mail] = tokens.as_slice() else { panic!("{plain}") };
    deidentify(&folder, &["escaped.log", "-o", "escaped"]).expect(0);
    let expected = format!(
        "GET /u?phone={mobile}&name={name}&mail={mail} HTTP/1.1\n\
         {{\"m\":\"\\u59d3\\u540d\\uff1a{name} \\u624b\\u673a {mobile}\"}}\n\
         bare {mobile} and 50%ab, 100% \\u12 %zz\n"
    );
    assert_eq!(folder.text("escaped"), expected);
    deidentify(&folder, &["t.csv", "-o", "t"]).expect(0);
    assert_eq!(folder.text("t"), format!("id,url\n1,https://a.example/?mobile={mobile}&x=%20\n"));
    // A mask is written as the value was.
    folder.write("p.yml", POLICY.replace("deidentify: hash", "deidentify: mask"));
    deidentify(&folder, &["escaped.log", "-o", "masked"]).expect(0);
    let masked = folder.text("masked");
    assert!(masked.contains("name=%E5%BC%A0*&") && masked.contains(r"\uff1a\u5f20* "), "{masked}");
}

#[test]
fn short_values_that_other_numbers_would_be_by_chance_are_left_and_said() {
    let folder = prepared();
    // Every tenth of these numbers is known: the plain numbers are no phones.
    let mut log = String::new();
    for number in 0..2_000 {
        log += &format!("联系电话：{}\nseq {}\n", 8_500_000 + number * 7, 8_500_000 + number * 7);
    }
    folder.write("a.log", &log);
    let ended = deidentify(&folder, &["a.log", "-o", "o.log"]).expect(0);
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.contains("2000 replaced numbers are too short"), "{said}");
    assert!(folder.text("o.log").contains("seq 8500007\n"));
}

#[test]
fn a_region_that_a_mask_leaves_is_no_leftover() {
    let folder = prepared();
    // An address that is no more than a district, the same district as the rest of a masked one, and somebody whose
    // name is also a county.
    let log = "收货地址：四川省凉山彝族自治州喜德县\n收货地址：四川省凉山彝族自治州喜德县花园街152号12栋2368室\n\
        收货人：于田\n姓名：刘科长\n收货人：刘祥华\n收货地址：新疆维吾尔自治区和田地区于田县和平路8号3栋201室\n";
    folder.write("a.log", log);
    folder.tuomin(&["deidentify", "--key-file", "k", "a.log", "-o", "o.log"]).expect(0);
    let out = folder.text("o.log");
    for original in ["花园街", "152号", "和平路", "收货人：于田"] {
        assert!(!out.contains(original), "{original} in {out}");
    }
}

#[test]
fn values_of_every_column_type_are_replaced_within_their_type() {
    let folder = prepared();
    folder.write("types.sql", TYPES);
    let ended = deidentify(&folder, &["types.sql", "-o", "out.sql"]).expect(0);
    let out = folder.text("out.sql");
    for original in ["13912345678", "6222021234567890128", "113.57.182.26", "aa:bb:cd", "aabbcd", "zhangwei"] {
        assert!(!out.contains(original), "{original}: {out}");
    }
    let row = |number: usize| {
        out.lines().skip_while(|line| !line.starts_with("COPY")).nth(number).unwrap().split('\t').collect::<Vec<_>>()
    };
    let first = row(1);
    let [_, mobile, phones, numbers, card, extra, ip, net, mac, mac_text, email] = first[..] else { panic!("{out}") };
    let is_number = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    assert!(is_number(mobile, 11) && is_number(card, 19) && card.starts_with("622202"));
    let token = phones.get(1..21).unwrap();
    assert_eq!(phones, format!("{{{token},\"tel {token}\",NULL}}"));
    assert_eq!(numbers, format!("{{{mobile},NULL}}"));
    let extra: serde_json::Value = serde_json::from_str(&extra.replace("\\\\", "\\")).unwrap();
    assert_eq!(extra["phone"].to_string(), mobile);
    assert_eq!(extra["note"], format!("a \"{token}\""));
    assert_eq!((ip, net, email), ("113.57.182.0", "113.57.182.0/32", "z***@example.cn"));
    assert!(mac.starts_with("f4:5c:89:") && mac.replace(':', "") == mac_text);
    assert_eq!(row(2)[2..6], ["\\N", "{}", "\\N", "{}"]);
    let asset = &folder.json("out.sql.manifest.json")["assets"][0];
    assert_eq!(asset["operators"]["EMAIL_ADDRESS"], serde_json::json!({"mask": 1}));
    assert_eq!(asset["operators"]["CN_MOBILE_PHONE"]["hash"], 3);
    assert_eq!(asset["substitutes"]["MAC_ADDRESS"], serde_json::json!({"fpe for hash": 2}));
    assert!(ended.out().contains("; to fit their places: "), "{}", ended.out());
}

#[test]
fn the_demonstration_is_rewritten_whole() {
    let folder = Folder::new();
    folder.tuomin(&["key", "new", "k"]).expect(0);
    let demonstration = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo");
    folder.tuomin(&["deidentify", demonstration, "-o", "out", "--key-file", "k"]).expect(0);
    let before = std::fs::read_to_string(format!("{demonstration}/shop-postgres.sql")).unwrap();
    let after = folder.text("out/shop-postgres.sql");
    let customers = |dump: &str| -> Vec<Vec<String>> {
        let rows = dump.lines().skip_while(|line| !line.starts_with("COPY public.customers")).skip(1);
        rows.take_while(|line| *line != "\\.").map(|row| row.split('\t').map(str::to_owned).collect()).collect()
    };
    let (before, after) = (customers(&before), customers(&after));
    assert!(before.len() == after.len() && before.len() > 30);
    for (before, after) in before.iter().zip(&after) {
        // Telephone, identity card, bank card, address of the network, and the document with an e-mail address.
        for column in 2..=6 {
            assert!(before[column] != after[column] || before[column] == "\\N", "{column}");
        }
        assert!(after[5].parse::<std::net::Ipv4Addr>().unwrap().octets()[3] == 0);
        if after[6] != "\\N" {
            let document: serde_json::Value = serde_json::from_str(&after[6].replace("\\\\", "\\")).unwrap();
            assert_eq!(document["note"], "a \"b\"");
            assert_eq!(document["email"].as_str().unwrap().len(), 20);
        }
    }
}
