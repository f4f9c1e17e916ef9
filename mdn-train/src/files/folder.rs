//! A folder of results, and the mark by which it is known which files in it may be replaced.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crc::{CRC_64_XZ, Crc, Table};

use super::claims::Links;
use super::new_folders::NewFolders;
use super::{ClaimError, Claims, Destination, WriteError};

/// The file that says what this program wrote into its folder.
const MARK: &str = ".mdn-train-wrote";
const HEADING: &str = "# What mdn-train wrote into this folder, each file with its checksum (CRC-64).\n\
                       # It replaces these files while they are as it wrote them, and no others.\n";

const CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);

/// A folder into which a command writes files under names of its own choosing.
///
/// A hidden file lists them with their checksums. A name that is taken is free for a result only
/// where the file is there as this program wrote it, so that a command may be run again. The list is
/// written before the files: a process that ends in between leaves none that is not listed. A symbolic
/// link in the place of a file is nobody's result and is never followed.
#[derive(Debug)]
pub struct ResultFolder {
    path: PathBuf,
    claims: Claims,
    mark: Destination,
    /// Of each file what it holds or is about to hold.
    listed: BTreeMap<String, Vec<u64>>,
}

impl ResultFolder {
    /// The folder at `path`, which need not exist: it is made with the first file, so that a command
    /// that ends before leaves none.
    ///
    /// # Errors
    /// [`ClaimError::Make`] where it could not be made, and where the list cannot be written, or is a
    /// file of another program.
    pub fn create(path: &Path, mut claims: Claims) -> Result<Self, ClaimError> {
        // What is made to try is gone at once.
        let tried = NewFolders::make(path);
        drop(tried.map_err(|source| ClaimError::Make {
            path: path.to_owned(),
            source,
        })?);
        claims.make(path);
        let mark = path.join(MARK);
        let text = fs::read_to_string(&mark).unwrap_or_default();
        let is_list = |_: &Path| text.starts_with(HEADING);
        let mark = claims.claim_over(
            mark,
            Links::Replaced,
            "a list of what mdn-train wrote",
            is_list,
        )?;
        let mut listed: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for line in text.lines().filter(|_| text.starts_with(HEADING)) {
            if let Some((sum, name)) = line.split_once(' ')
                && let Ok(sum) = u64::from_str_radix(sum, 16)
            {
                listed.entry(name.to_owned()).or_default().push(sum);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            claims,
            mark,
            listed,
        })
    }

    /// Claims the file `name` in the folder.
    ///
    /// # Errors
    /// Those of [`Claims::claim`]; whatever the kind, a file that is not listed as it is belongs to
    /// somebody else.
    pub fn claim(&mut self, name: &str) -> Result<Destination, ClaimError> {
        let path = self.path.join(name);
        let sums = self.listed.remove(name).unwrap_or_default();
        let sum = File::open(&path).and_then(checksum).ok();
        let kept: Vec<u64> = sums.into_iter().filter(|&one| Some(one) == sum).collect();
        let claimed =
            self.claims
                .claim_over(path, Links::Replaced, "as mdn-train wrote it", |_| {
                    !kept.is_empty()
                })?;
        self.listed.insert(name.to_owned(), kept);
        Ok(claimed)
    }

    /// Writes files that were claimed here, with their bytes, after the list.
    ///
    /// # Errors
    /// Those of [`Destination::write`].
    pub fn write(&mut self, files: &[(Destination, Vec<u8>)]) -> Result<(), WriteError> {
        let _made = NewFolders::make(&self.path).map_err(|source| WriteError {
            path: self.path.clone(),
            source,
        })?;
        for (file, bytes) in files {
            let name = file.path().file_name().unwrap_or_default();
            let sums = self.listed.entry(name.to_string_lossy().into_owned());
            let (sums, sum) = (sums.or_default(), CRC.checksum(bytes));
            if !sums.contains(&sum) {
                sums.push(sum);
            }
        }
        let lines = self.listed.iter().flat_map(|(name, sums)| {
            let line = move |sum: &u64| format!("{sum:016x} {name}\n");
            sums.iter().map(line)
        });
        let text: String = [HEADING.to_owned()].into_iter().chain(lines).collect();
        self.mark.write(|out| out.write_all(text.as_bytes()))?;
        for (file, bytes) in files {
            file.write(|out| out.write_all(bytes))?;
        }
        Ok(())
    }
}

fn checksum(file: File) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut digest = CRC.digest();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(digest.finalize());
        }
        digest.update(bytes);
        let count = bytes.len();
        reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, name: &str, bytes: &str) -> Result<(), ClaimError> {
        let mut folder = ResultFolder::create(path, Claims::new())?;
        let file = folder.claim(name)?;
        Ok(folder.write(&[(file, bytes.as_bytes().to_vec())])?)
    }

    fn is_foreign(written: Result<(), ClaimError>) -> bool {
        matches!(written, Err(ClaimError::Foreign { .. }))
    }

    #[test]
    fn what_was_written_here_is_replaced_while_it_is_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for bytes in ["first", "second", ""] {
            write(path, "a", bytes).unwrap();
            write(path, "b", bytes).unwrap();
            assert_eq!(fs::read_to_string(path.join("a")).unwrap(), bytes);
        }
        write(path, "a", "third").unwrap();
        fs::write(path.join("a"), "mine").unwrap();
        assert!(is_foreign(write(path, "a", "fourth")));
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "mine");
        write(path, "b", "fourth").unwrap();
        // A file of which there was a result once is no result.
        fs::write(path.join("b"), "second").unwrap();
        assert!(is_foreign(write(path, "b", "fifth")));
    }

    #[test]
    fn a_file_that_was_there_before_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "mine").unwrap();
        assert!(is_foreign(write(folder.path(), "a", "first")));
        fs::write(folder.path().join(MARK), "mine").unwrap();
        assert!(is_foreign(write(folder.path(), "b", "first")));
        assert!(!folder.path().join("b").exists());
    }

    #[test]
    fn a_folder_is_made_with_its_first_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/sub");
        let mut results = ResultFolder::create(&path, Claims::new()).unwrap();
        let file = results.claim("a").unwrap();
        assert!(!folder.path().join("new").exists());
        results.write(&[(file, b"first".to_vec())]).unwrap();
        assert_eq!(fs::read(path.join("a")).unwrap(), b"first");
        drop(results);
        assert!(path.join("a").exists());
        // A folder that somebody else made stays, empty or not.
        let own = folder.path().join("own");
        fs::create_dir(&own).unwrap();
        let mut results = ResultFolder::create(&own, Claims::new()).unwrap();
        results.claim("a").unwrap();
        drop(results);
        assert!(own.is_dir());
        // What cannot be made is told at once, and what was made on the way to it is gone.
        fs::write(folder.path().join("file"), "").unwrap();
        let refused = ResultFolder::create(&folder.path().join("file/sub"), Claims::new());
        assert!(matches!(refused, Err(ClaimError::Make { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_by_force_and_never_followed() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        let victim = outside.path().join("victim");
        for target in [
            victim.as_path(),
            &outside.path().join("none"),
            outside.path(),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path();
            write(path, "a", "first").unwrap();
            // Not even to a file that is as a result was.
            fs::write(&victim, "first").unwrap();
            fs::remove_file(path.join("a")).unwrap();
            symlink(target, path.join("a")).unwrap();
            let refused = write(path, "a", "second");
            assert!(
                matches!(refused, Err(ClaimError::Link { .. })),
                "{refused:?}"
            );
            let mut claims = Claims::new();
            claims.force();
            let mut results = ResultFolder::create(path, claims).unwrap();
            let file = results.claim("a").unwrap();
            results.write(&[(file, b"third".to_vec())]).unwrap();
            assert!(fs::symlink_metadata(path.join("a")).unwrap().is_file());
            assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "third");
            assert_eq!(fs::read_to_string(&victim).unwrap(), "first");
            assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_process_that_ends_between_list_and_file_shuts_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a", "first").unwrap();
        let before = fs::read(folder.path().join("a")).unwrap();
        write(folder.path(), "a", "second").unwrap();
        // The list knows of the second, the file is still the first.
        let list = fs::read_to_string(folder.path().join(MARK)).unwrap();
        assert_eq!(list.lines().count(), 4, "{list}");
        fs::write(folder.path().join("a"), before).unwrap();
        write(folder.path(), "a", "third").unwrap();
    }
}
