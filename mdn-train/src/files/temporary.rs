//! Temporary files in the folder of the file that they become.
//!
//! On Linux they have no name till they are whole, so that nothing is left of a process that is
//! killed. Elsewhere, and on file systems without such files, they have a hidden name and a lock,
//! which ends with the process: what is not locked is removed by the next one that writes there.

use std::fs::{self, File, Permissions};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

const PREFIX: &str = ".mdn-";
const SUFFIX: &str = ".tmp";

/// A file that is to have a name once it is whole.
#[derive(Debug)]
pub(super) enum Temporary {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there are none"))]
    Unnamed(File),
    Named(NamedTempFile),
}

impl Temporary {
    /// A file in `folder` with the permissions of the file `path`, which is to have that name.
    pub(super) fn new(path: &Path, folder: &Path) -> io::Result<Self> {
        let old = fs::symlink_metadata(path).ok();
        let old = old.filter(|old| !old.is_symlink());
        let permissions = old.map(|old| old.permissions());
        match unnamed(folder) {
            Ok(file) => {
                permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions))?;
                Ok(Temporary::Unnamed(file))
            }
            Err(_) => named(folder, permissions).map(Temporary::Named),
        }
    }

    pub(super) fn as_file(&self) -> &File {
        match self {
            Temporary::Unnamed(file) => file,
            Temporary::Named(file) => file.as_file(),
        }
    }

    /// Gives the file the name `path` in `folder`, which another file may have.
    pub(super) fn persist(self, path: &Path, folder: &Path) -> io::Result<()> {
        match self {
            Temporary::Unnamed(file) if link(&file, path).is_ok() => Ok(()),
            Temporary::Unnamed(file) => {
                // A name is taken from another file only by a file that has a name.
                let linked = builder().make_in(folder, |name| link(&file, name))?;
                Ok(linked.persist(path).map_err(|failed| failed.error)?)
            }
            Temporary::Named(file) => {
                file.persist(path).map_err(|failed| failed.error)?;
                Ok(())
            }
        }
    }
}

/// A new file without a name, for reading and writing, with a lock.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    // Names are given by way of this folder.
    fs::metadata("/proc/self/fd")?;
    // The process's mask takes away from the mode what it takes from any new file's.
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(open(folder, flags, Mode::from_raw_mode(0o666))?);
    file.lock()?;
    Ok(file)
}

#[cfg(target_os = "linux")]
fn link(file: &File, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, opened, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder
}

/// A new file with a hidden name and a lock.
fn named(folder: &Path, permissions: Option<Permissions>) -> io::Result<NamedTempFile> {
    #[cfg(unix)]
    let permissions = permissions.or_else(|| {
        // As above, of the process's mask.
        Some(std::os::unix::fs::PermissionsExt::from_mode(0o666))
    });
    loop {
        let mut builder = builder();
        if let Some(permissions) = permissions.clone() {
            builder.permissions(permissions);
        }
        let file = builder.tempfile_in(folder)?;
        // Where there are no locks, nobody can hold one and remove the file.
        let locked = file.as_file().lock();
        // Another process may have taken the file for a leftover before it was locked.
        if locked.is_err() || file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes from `folder` the temporary files that killed processes left: those without a lock. One
/// that cannot be removed stays: it is in nobody's way.
pub(crate) fn remove_leftovers(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(PREFIX) || !name.ends_with(SUFFIX) {
            continue;
        }
        // The lock is held till the name is gone.
        let file = File::options().write(true).open(entry.path());
        if let Ok(file) = file
            && file.try_lock().is_ok()
        {
            fs::remove_file(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_has_no_name_till_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for text in ["first", "second"] {
            let before = count(folder.path());
            let file = Temporary::new(&path, folder.path()).unwrap();
            assert!(matches!(file, Temporary::Unnamed(_)));
            file.as_file().write_all(text.as_bytes()).unwrap();
            assert_eq!(count(folder.path()), before);
            file.persist(&path, folder.path()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(count(folder.path()), 1);
        }
    }

    #[test]
    fn named_files_become_the_file_and_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for text in ["first", "second"] {
            let file = Temporary::Named(named(folder.path(), None).unwrap());
            file.as_file().write_all(text.as_bytes()).unwrap();
            file.persist(&path, folder.path()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(count(folder.path()), 1);
        }
        drop(named(folder.path(), None).unwrap());
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn leftovers_are_removed_and_files_at_work_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let at_work = named(folder.path(), None).unwrap();
        for name in [".mdn-abc.tmp", ".mdn-abc", "abc.tmp", "mdn-abc.tmp"] {
            fs::write(folder.path().join(name), "left").unwrap();
        }
        remove_leftovers(folder.path());
        assert!(!folder.path().join(".mdn-abc.tmp").exists());
        assert!(at_work.path().exists());
        assert_eq!(count(folder.path()), 4);
        // Whoever held it was killed.
        let (file, path) = at_work.keep().unwrap();
        drop(file);
        remove_leftovers(folder.path());
        assert!(!path.exists());
    }
}
