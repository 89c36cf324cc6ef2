//! Account and login names: refuses the accounts of systems and what stands for no value.

use super::not_placeholder::is_placeholder;
use super::{Candidate, Evidence};

/// Names of accounts that belong to no person, in lower case.
const OF_SYSTEMS: [&[u8]; 24] = [
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
];

/// Any name but those.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let name = candidate.original;
    let of_system = OF_SYSTEMS.iter().any(|known| name.eq_ignore_ascii_case(known));
    (!of_system && !is_placeholder(name)).then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn accounts_of_systems_are_refused() {
        for value in ["root", "Admin", "null", "www-data"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        for value in ["zhangwei_88", "u_8839201", "wang.fang"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }
}
