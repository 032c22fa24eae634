//! Large trees in several parts.

use std::collections::BTreeMap;

use super::item::Item;
use super::seen::Listed;

/// What of a survey's files a list needs.
pub(super) fn listed(files: Vec<Item>) -> Vec<Listed> {
    files.into_iter().map(|item| Listed { name: item.name, bytes: item.bytes, linked: item.linked }).collect()
}

/// Files in so many parts at most, of about as many bytes each. Names of one file stay together: rsync links what it sees in one transfer.
pub(super) fn shards(files: &[Listed], count: usize) -> Vec<Vec<&str>> {
    let mut groups: BTreeMap<&str, (u64, Vec<&str>)> = BTreeMap::new();
    for file in files {
        let leader = file.linked.as_deref().unwrap_or(&file.name);
        let (bytes, names) = groups.entry(leader).or_default();
        *bytes += file.bytes;
        names.push(&file.name);
    }
    for (leader, (_, names)) in &mut groups {
        // The name that the others are linked to, where it has nothing to send itself.
        if !names.contains(leader) {
            names.push(leader);
        }
    }
    let mut groups: Vec<(u64, Vec<&str>)> = groups.into_values().collect();
    groups.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let mut shards: Vec<(u64, Vec<&str>)> = vec![(0, Vec::new()); count.max(1)];
    for (bytes, names) in groups {
        if let Some(least) = shards.iter_mut().min_by_key(|(bytes, names)| (*bytes, names.len())) {
            least.0 += bytes;
            least.1.extend(names);
        }
    }
    shards.into_iter().map(|(_, names)| names).filter(|names| !names.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: u64, linked: Option<&str>) -> Listed {
        Listed { name: name.to_owned(), bytes, linked: linked.map(str::to_owned) }
    }

    #[test]
    fn names_of_one_file_stay_together() {
        let files = [
            file("a", 100, None),
            file("a2", 0, Some("a")),
            file("a3", 0, Some("a")),
            file("b", 60, None),
            file("c", 50, None),
            file("d", 0, Some("unchanged")),
        ];
        let shards = shards(&files, 2);
        assert_eq!(shards, [vec!["a", "a2", "a3", "d", "unchanged"], vec!["b", "c"]]);
    }

    #[test]
    fn there_are_no_more_than_files() {
        assert_eq!(super::shards(&[file("a", 1, None)], 4), [["a"]]);
        assert!(super::shards(&[], 4).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_large_waits(sizes in proptest::collection::vec(0..1000_u64, 1..60), count in 1..8_usize) {
            let files: Vec<Listed> = sizes.iter().enumerate().map(|(n, size)| file(&format!("f{n}"), *size, None)).collect();
            let shards = super::shards(&files, count);
            let mut names: Vec<&str> = shards.concat();
            names.sort_unstable();
            let mut due: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            due.sort_unstable();
            proptest::prop_assert_eq!(names, due);
            let size = |name: &&str| sizes[name[1..].parse::<usize>().unwrap()];
            let largest = shards.iter().map(|shard| shard.iter().map(size).sum::<u64>()).max().unwrap_or(0);
            let fair = sizes.iter().sum::<u64>() / count as u64 + sizes.iter().max().unwrap();
            proptest::prop_assert!(largest <= fair);
        }
    }
}
