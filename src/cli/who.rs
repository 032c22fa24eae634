//! Who is at the keyboard: `user@machine`, as every record says.

use std::path::Path;

use crate::base::fs;

/// Larger files than this are not what they should be.
const LIMIT: u64 = 4 * 1024 * 1024;

/// `user@machine`: the user by whose id the process runs, whatever the environment claims.
pub(crate) fn who() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let accounts = fs::read_text(Path::new("/etc/passwd"), LIMIT).unwrap_or_default();
    let user = name_of(&uid, &accounts)
        .or_else(|| ["LOGNAME", "USER"].into_iter().find_map(|name| std::env::var(name).ok()))
        .unwrap_or(uid);
    let machine = fs::read_text(Path::new("/proc/sys/kernel/hostname"), LIMIT).unwrap_or_default();
    let machine = Some(machine.trim()).filter(|name| !name.is_empty()).unwrap_or("localhost");
    format!("{user}@{machine}")
}

fn name_of(uid: &str, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn the_name_of_a_user_is_looked_up() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/sh\n";
        assert_eq!(name_of("1000", accounts).as_deref(), Some("anna"));
        assert_eq!(name_of("100", accounts), None);
    }
}
