//! `rules`: a hundred rules of a company's own, each anchored on its labels, in Chinese and English. Two of the labels
//! (员工编号, `member_no`) do stand in some lines of `mix`.

use std::fs;
use std::io;
use std::path::Path;

/// Who holds the document: Chinese, as in a key, and the two letters that its numbers begin with.
const HOLDERS: [(&str, &str, &str); 20] = [
    ("员工", "staff", "YG"),
    ("学生", "student", "XS"),
    ("教师", "teacher", "JS"),
    ("会员", "member", "HY"),
    ("病人", "patient", "BR"),
    ("司机", "driver", "SJ"),
    ("商户", "merchant", "SH"),
    ("代理人", "agent", "DL"),
    ("访客", "visitor", "FK"),
    ("志愿者", "volunteer", "ZY"),
    ("供应商", "supplier", "GY"),
    ("骑手", "rider", "QS"),
    ("店长", "manager", "DZ"),
    ("投保人", "insured", "TB"),
    ("业主", "owner", "YZ"),
    ("租户", "tenant", "ZH"),
    ("借款人", "borrower", "JK"),
    ("捐赠人", "donor", "JZ"),
    ("考生", "examinee", "KS"),
    ("读者", "reader", "DU"),
];

/// The document: Chinese, as in a key, and how many digits its numbers have.
const DOCUMENTS: [(&str, &str, usize); 5] = [
    ("编号", "no", 8),
    ("会籍号", "membership", 6),
    ("档案号", "file_no", 9),
    ("准入证号", "permit", 7),
    ("协议号", "agreement", 10),
];

/// Writes the rules into `folder`, which is made.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn write(folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut count = 0;
    for (holder_zh, holder, letters) in HOLDERS {
        for (document_zh, document, digits) in DOCUMENTS {
            let rule = rule((holder_zh, holder, letters), (document_zh, document, digits));
            fs::write(folder.join(format!("{holder}_{document}.yml")), rule)?;
            count += 1;
        }
    }
    Ok(count)
}

fn rule(
    (holder_zh, holder, letters): (&str, &str, &str),
    (document_zh, document, digits): (&str, &str, usize),
) -> String {
    let (zh, key) = (format!("{holder_zh}{document_zh}"), format!("{holder}_{document}"));
    let entity = key.to_uppercase();
    let value: String = letters.chars().chain("2023110745".chars().take(digits)).collect();
    format!(
        r#"entity: {entity}
zh: {zh}
en: {holder} {document}
source: made up for the benchmarks
canonical: text
mask: {{style: keep, first: 2, last: 2}}
labels:
  positive: [{zh}, {key}]
recognize:
  - anchor: label
    pattern: '{letters}[0-9]{{{digits}}}'
    structure: 40
examples:
  - {{text: "{zh}：{value}，已登记", match: "{value}"}}
  - {{text: '{{"{key}":"{value}"}}', match: "{value}"}}
  - {{text: "{value}", column: {key}, match: "{value}"}}
counterexamples:
  - {{text: "批次 {value} 已完成", why: no label}}
  - {{text: "{zh}：未登记", why: no value}}
"#
    )
}
