//! Files that are either written whole or not at all, and never over one that is still needed.
//!
//! [`Claims`] knows what a command reads and keeps; [`Claims::claim`] gives the [`Destination`] of a
//! result, through which alone it is written. A file that is there already is replaced only where it
//! is a result itself: [`Kind`] tells that by what a file holds, a [`ResultFolder`] by a list in the
//! folder.

mod claims;
mod folder;
mod kind;
mod new_folders;
mod temporary;

pub use claims::{ClaimError, Claims, Destination};
pub use folder::ResultFolder;
pub use kind::Kind;
#[cfg(feature = "text")]
pub(crate) use kind::MODEL;
#[cfg(feature = "plot")]
pub(crate) use kind::{PNG_SOFTWARE, SVG_METADATA};
pub(crate) use temporary::remove_leftovers;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use temporary::Temporary;

/// Why a file cannot be read, with what to do.
pub(crate) fn why_unreadable(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::IsADirectory => format!("{source}; a file is needed"),
        _ => source.to_string(),
    }
}

/// Why a folder cannot be made, with what to do.
fn why_unmade(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            format!("{source}; the name of a folder is needed, or a new one")
        }
        _ => source.to_string(),
    }
}

/// A file that could not be written; nothing was left half-written in its place.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What the operating system, or the writing closure, reported.
    pub source: io::Error,
}

/// Writes the file `path` through a temporary file in the same folder, which has no name till it is
/// whole where the system has such files.
///
/// The bytes reach the disk before the name does: readers see the old file or the complete new
/// one. A symbolic link keeps pointing where it did, also where there is no file yet. A path that
/// names no regular file (a terminal, a pipe, `/dev/null`) cannot be replaced and is written to
/// directly.
///
/// # Errors
/// When the folder does not exist or cannot be written to, the disk is full, or `write` fails.
/// Then `path` is as it was before the call and no temporary file remains.
pub(crate) fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let path = path.as_ref();
    let outcome = match fs::metadata(path) {
        Ok(found) if !found.is_file() => write_in_place(path, write),
        Ok(_) => fs::canonicalize(path).and_then(|target| replace(&target, write)),
        Err(_) => replace(&target(path), write),
    };
    outcome.map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })
}

/// As [`write_atomically`], but a symbolic link is replaced and not followed.
fn write_in_its_place(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let outcome = match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() && !found.is_symlink() => write_in_place(path, write),
        _ => replace(path, write),
    };
    outcome.map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })
}

/// Writes to a device or a pipe; a folder is refused by the operating system.
fn write_in_place(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    write(&mut file)?;
    file.flush()
}

/// Where `path` leads, which need not exist: links are followed as far as a system follows them.
fn target(path: &Path) -> PathBuf {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            // A relative link begins at its folder.
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => break,
        }
    }
    path
}

/// The folder in which the file `path` lies.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a temporary file in the folder of `path` and gives it that name.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(path);
    let temporary = Temporary::new(path, folder)?;
    let mut buffered = BufWriter::new(temporary.as_file());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    temporary.as_file().sync_all()?;
    temporary.persist(path, folder)?;
    sync_folder(folder)
}

/// Makes a rename in `folder` durable, where folders can be opened at all.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn writes_and_replaces_whole_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_atomically(&path, |out| out.write_all(b"first, and longer")).unwrap();
        write_atomically(&path, |out| out.write_all(b"second")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names_in(folder.path()), ["a.txt"]);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let failed = write_atomically(&path, |out| {
            out.write_all(&[0; 100_000])?;
            Err(io::Error::other("the model went away"))
        });
        let message = failed.unwrap_err().to_string();
        assert!(message.ends_with("a.txt: the model went away"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names_in(folder.path()), ["a.txt"]);
    }

    #[test]
    fn a_failure_creates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        assert!(write_atomically(&path, |_| Err(io::Error::other("no"))).is_err());
        assert!(names_in(folder.path()).is_empty());
    }

    #[test]
    fn a_missing_folder_is_an_error_and_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere").join("a.txt");
        let failed = write_atomically(&path, |_| Ok(())).unwrap_err();
        assert_eq!(failed.source.kind(), io::ErrorKind::NotFound);
        assert_eq!(failed.path, path);
        assert!(names_in(folder.path()).is_empty());
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub");
        fs::create_dir(&path).unwrap();
        assert!(write_atomically(&path, |out| out.write_all(b"x")).is_err());
        assert!(path.is_dir());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_survive() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        write_atomically(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        let mode = fs::metadata(&real).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_that_is_not_there_yet_makes_that_file() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (link, sub) = (folder.path().join("link"), folder.path().join("sub"));
        fs::create_dir(&sub).unwrap();
        symlink("sub/next", &link).unwrap();
        symlink("real", sub.join("next")).unwrap();
        write_atomically(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(sub.join("real")).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_atomically(&ours, |_| Ok(())).unwrap();
        fs::write(&plain, "").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays_a_device() {
        write_atomically("/dev/null", |out| out.write_all(b"x")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
