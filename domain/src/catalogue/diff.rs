//! What differs between two sets of files, line by line, for the eyes of editors.

use super::AppFile;
use std::collections::BTreeMap;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It reads otherwise.
    Changed,
}

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// What became of it.
    pub kind: ChangeKind,
    /// Lines with `+`, `-` or a blank before them; `…` where equal lines are left out.
    pub text: String,
}

/// So many equal lines stand around what differs.
const AROUND: usize = 2;
/// Where more pairs of lines would have to be compared, the whole middle counts as rewritten.
const PAIRS_MAX: usize = 1_000_000;

/// The files that differ, by path.
pub fn changes(from: &[AppFile], to: &[AppFile]) -> Vec<FileChange> {
    let by_path = |files: &[AppFile]| -> BTreeMap<String, String> {
        files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
    };
    let (from, to) = (by_path(from), by_path(to));
    let mut paths: Vec<&String> = from.keys().chain(to.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let change = |path: &String| {
        let (old, new) = (from.get(path), to.get(path));
        let kind = match (old, new) {
            (Some(old), Some(new)) if old == new => return None,
            (Some(_), Some(_)) => ChangeKind::Changed,
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
        };
        let text = lines(old.map_or("", |t| t), new.map_or("", |t| t));
        Some(FileChange { path: path.clone(), kind, text })
    };
    paths.into_iter().filter_map(change).collect()
}

/// A line, and whether only the new file, only the old one or both have it.
type Marked<'a> = (char, &'a str);

fn lines(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let old_middle = &old_rest[..old_rest.len() - tail];
    let new_middle = &new_rest[..new_rest.len() - tail];
    let mut all: Vec<Marked<'_>> = old[..head].iter().map(|line| (' ', *line)).collect();
    all.extend(middle(old_middle, new_middle));
    all.extend(old_rest[old_rest.len() - tail..].iter().map(|line| (' ', *line)));
    shortened(&all)
}

/// The longest common lines stay, all others are gone or new.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Marked<'a>> {
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        let gone = old.iter().map(|line| ('-', *line));
        return gone.chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    // How many lines the rests from (i, j) on have in common.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            all.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            all.push(('-', old[i]));
            i += 1;
        } else {
            all.push(('+', new[j]));
            j += 1;
        }
    }
    all
}

fn shortened(all: &[Marked<'_>]) -> String {
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        all.iter().skip(from).take(at - from + AROUND + 1).any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    let mut left_out = false;
    for (at, (mark, line)) in all.iter().enumerate() {
        if near(at) {
            text.push(*mark);
            text.push_str(line);
            text.push('\n');
        } else if !left_out {
            text.push_str("…\n");
        }
        left_out = !near(at);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> AppFile {
        AppFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn added_removed_and_changed_files_are_told_by_path() {
        let from = [file("b", "1\n2\n"), file("a", "same"), file("c", "old\n")];
        let to = [file("a", "same"), file("b", "1\n3\n"), file("d", "new\n")];
        let got = changes(&from, &to);
        let told: Vec<_> = got.iter().map(|c| (c.path.as_str(), c.kind, c.text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("b", ChangeKind::Changed, " 1\n-2\n+3\n"),
                ("c", ChangeKind::Removed, "-old\n"),
                ("d", ChangeKind::Added, "+new\n"),
            ]
        );
        assert!(changes(&from, &from).is_empty());
    }

    #[test]
    fn equal_lines_far_from_a_change_are_left_out() {
        let old: String = (0..20).map(|n| format!("{n}\n")).collect();
        let new = old.replacen("10\n", "ten\n", 1).replacen("12\n", "", 1);
        let got = changes(&[file("a", &old)], &[file("a", &new)]);
        assert_eq!(got[0].text, "…\n 8\n 9\n-10\n+ten\n 11\n-12\n 13\n 14\n…\n");
    }

    #[test]
    fn the_new_file_can_be_put_together_from_the_lines() {
        let texts = ["", "a", "a\nb\nc", "c\nb\na", "a\na\na\nb", "b\na\nb\na\nc"];
        for old in texts {
            for new in texts {
                let got =
                    middle(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
                let of = |without: char| -> Vec<&str> {
                    let kept = got.iter().filter(|(mark, _)| *mark != without);
                    kept.map(|(_, line)| *line).collect()
                };
                assert_eq!(of('-'), new.lines().collect::<Vec<_>>(), "{old:?} {new:?}");
                assert_eq!(of('+'), old.lines().collect::<Vec<_>>(), "{old:?} {new:?}");
            }
        }
    }
}
