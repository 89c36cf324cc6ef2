//! Account and login names: refuses the accounts of systems and what stands for no value.

use super::not_placeholder::is_placeholder;
use super::{Candidate, Evidence, bank_card};

/// Names of accounts that belong to no person, streams, outcomes and what examples call anything, in lower case.
const OF_SYSTEMS: [&[u8]; 96] = [
    b"root",
    b"admin",
    b"administrator",
    b"system",
    b"sysadmin",
    b"guest",
    b"anonymous",
    b"nobody",
    b"daemon",
    b"mysql",
    b"postgres",
    b"oracle",
    b"redis",
    b"nginx",
    b"www-data",
    b"ubuntu",
    b"ec2-user",
    b"service",
    b"public",
    b"sa",
    b"user",
    b"username",
    b"login",
    b"account",
    b"app",
    b"dev",
    b"ops",
    b"test",
    b"demo",
    b"web",
    b"api",
    b"cron",
    b"batch",
    b"backup",
    b"monitor",
    b"deploy",
    b"git",
    b"jenkins",
    b"hadoop",
    b"hive",
    b"readonly",
    b"replication",
    b"group",
    b"session",
    b"bin",
    b"sys",
    b"mail",
    b"ftp",
    b"http",
    b"https",
    b"httpd",
    b"apache",
    b"tomcat",
    b"operator",
    b"proxy",
    b"www",
    b"uucp",
    b"games",
    b"news",
    b"sshd",
    b"postfix",
    b"dovecot",
    b"rabbitmq",
    b"elasticsearch",
    b"kafka",
    b"zookeeper",
    b"mongodb",
    b"docker",
    b"gitlab",
    b"gitlab-runner",
    b"runner",
    b"zabbix",
    b"prometheus",
    b"grafana",
    b"centos",
    b"debian",
    b"vagrant",
    b"vscode",
    b"node",
    b"nodejs",
    b"unbound",
    b"systemd",
    b"stdin",
    b"stdout",
    b"stderr",
    b"console",
    b"unix",
    b"foo",
    b"bar",
    b"baz",
    b"failed",
    b"failure",
    b"success",
    b"succeeded",
    b"denied",
    b"error",
];

/// Whether `name` is a number, or a range of numbers, such as operating systems give to accounts, also as source code
/// writes it: `0x1F4`, `85n`.
fn is_number_of_system(name: &[u8]) -> bool {
    if name.len() <= 10 && name.starts_with(b"0x") && name.iter().skip(2).all(u8::is_ascii_hexdigit) {
        return true;
    }
    let name = name.strip_suffix(b"n").unwrap_or(name);
    let numeric = name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    numeric && (name.len() < 5 || name.contains(&b'-'))
}

/// Whether `name` is the word for a password, as in `username:password@host`.
fn is_word_for_password(name: &[u8]) -> bool {
    let word: &[u8] = name.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    [&b"password"[..], b"passwd", b"pass", b"pwd"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Any name but those.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let told = Evidence { label_required: true, ..Evidence::default() };
    let name = candidate.original;
    if !name.is_empty() && name.iter().all(u8::is_ascii_digit) {
        // No word is a number, and none of those that stand for no value.
        return (name.len() >= 5 && !is_certain_card(candidate)).then_some(told);
    }
    let of_system = OF_SYSTEMS.iter().any(|known| name.eq_ignore_ascii_case(known));
    let of_system = of_system || is_number_of_system(name) || is_word_for_password(name);
    (!is_certain_card(candidate) && !of_system && !is_placeholder(name)).then_some(told)
}

/// The number of a bank card is one, whatever it stands beside.
fn is_certain_card(candidate: &Candidate<'_>) -> bool {
    let card = bank_card::validate(&Candidate { labelled: false, ..*candidate });
    card.is_some_and(|card| !card.label_required)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn accounts_of_systems_are_refused() {
        for value in [
            "root",
            "Admin",
            "null",
            "www-data",
            "1000",
            "10000-20000",
            "password@host",
            "85n",
            "0x1F4",
            "stderr",
            "6222021234567890128",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        for value in ["zhangwei_88", "u_8839201", "wang.fang", "8839201", "passion88", "zhangsan", "0xbeef88_li"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }
}
