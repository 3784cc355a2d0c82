//! The name under which a host keeps its state in storage.

use std::path::Path;

use super::settings::AppSettings;

const SETTING: &str = "AzureFunctionsWebHost__hostid";
const MAX_NAME: usize = 15;

/// The setting, or a name made from the app root: the same root always has the same state.
pub(crate) fn host_id(settings: &AppSettings, root: &Path) -> String {
    if let Some(id) = settings.get(SETTING) {
        return id.to_ascii_lowercase();
    }
    let folder = root
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let name: String = folder
        .unwrap_or_default()
        .chars()
        .filter(|c| plain(*c))
        .take(MAX_NAME)
        .collect();
    // Queue names allow letters, digits and single dashes only.
    format!(
        "{name}{}{:016x}",
        if name.is_empty() { "" } else { "-" },
        fnv1a(root)
    )
}

/// FNV-1a: short, and the same in every version of the compiler.
fn fnv1a(root: &Path) -> u64 {
    root.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_id_fits_into_a_queue_name_and_stays_the_same() {
        let settings = AppSettings::default();
        let id = host_id(&settings, Path::new("/home/me/My App -- of 2026"));
        assert_eq!(
            id,
            host_id(&settings, Path::new("/home/me/My App -- of 2026"))
        );
        assert_ne!(
            id,
            host_id(&settings, Path::new("/home/you/My App -- of 2026"))
        );
        assert!(id.starts_with("myappof2026-"), "{id}");
        assert!(id.len() <= 32, "{id}");
    }
}
