//! How much memory there is, for sizes that are known before anything is computed.
//!
//! Systems promise more memory than they have and end a process that takes them at their word. So
//! what is known to be large is compared with what is free, and refused in words.

use std::fs;
use std::path::Path;

/// There is less memory than something takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} takes some {} MB of memory, and {} MB are free", megabytes(*needed), megabytes(*free))]
pub struct Shortage {
    /// What takes the memory.
    pub what: String,
    /// How many bytes it takes.
    pub needed: u64,
    /// How many there are.
    pub free: u64,
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// Whether there are `needed` bytes for `what`; where the system does not tell, there are.
///
/// # Errors
/// [`Shortage`].
pub fn check(needed: u64, what: impl FnOnce() -> String) -> Result<(), Shortage> {
    // What is small is not worth asking for.
    const SMALL: u64 = 16 << 20;
    let free = match needed {
        0..SMALL => None,
        _ => free(),
    };
    match free {
        Some(free) if needed > free => Err(Shortage {
            what: what(),
            needed,
            free,
        }),
        _ => Ok(()),
    }
}

/// How many bytes this process may still take: the least of what the machine has, with swap, of what
/// its control group allows, and of its limit on address space. None where nothing of that is known.
pub fn free() -> Option<u64> {
    [of_machine(), of_group(), of_limit()]
        .into_iter()
        .flatten()
        .min()
}

fn of_machine() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = |key| number_after(&text, key);
    Some(1024 * (kilobytes("MemAvailable:")? + kilobytes("SwapFree:").unwrap_or(0)))
}

/// By version 2 of control groups.
fn of_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = Path::new("/sys/fs/cgroup").join(group);
    let read = |name| fs::read_to_string(folder.join(name)).ok();
    let most: u64 = read("memory.max")?.trim().parse().ok()?;
    let taken = number_after(&read("memory.stat")?, "anon ")?;
    Some(most.saturating_sub(taken))
}

fn of_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let most = number_after(&limits, "Max address space")?;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(most.saturating_sub(1024 * number_after(&status, "VmSize:")?))
}

/// The number that follows `key` at the start of a line.
fn number_after(text: &str, key: &str) -> Option<u64> {
    let mut rest = text.lines().filter_map(|line| line.strip_prefix(key));
    rest.next()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_where_they_stand() {
        let text = "MemTotal:  24 kB\nMemAvailable:   12345 kB\nSwapFree:\n";
        assert_eq!(number_after(text, "MemAvailable:"), Some(12345));
        assert_eq!(number_after(text, "SwapFree:"), None);
        assert_eq!(number_after(text, "Total:"), None);
        let limits = "Max address space         unlimited            unlimited   bytes\n";
        assert_eq!(number_after(limits, "Max address space"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn more_than_there_is_is_refused_in_words() {
        check(1 << 20, || unreachable!("a megabyte is there")).unwrap();
        let shortage = check(1 << 60, || "it all".to_owned()).unwrap_err();
        assert_eq!(shortage.needed, 1 << 60);
        let words = shortage.to_string();
        let told = "it all takes some 1099511627776 MB of memory, and ";
        assert!(words.starts_with(told), "{words}");
    }
}
