//! OpenSSL's command line, with files of its own.

use muster_tests::tool::{Folder, Said, Tool};

/// OpenSSL and a folder.
pub(crate) struct OpenSsl {
    tool: Tool,
    pub(crate) folder: Folder,
}

impl OpenSsl {
    pub(crate) fn find() -> Option<OpenSsl> {
        Some(OpenSsl { tool: Tool::find("openssl")?, folder: Folder::new() })
    }

    /// Runs it with words separated by spaces; `{name}` is a file of the folder.
    pub(crate) fn say(&self, words: &str) -> Said {
        let root = self.folder.root().display().to_string();
        let word = |word: &str| match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
            Some(name) => format!("{root}/{name}"),
            None => word.to_owned(),
        };
        let words: Vec<_> = words.split_whitespace().map(word).collect();
        self.tool.run(&words, b"")
    }

    /// The same, when it must end well; returns what it wrote to a file.
    pub(crate) fn make(&self, file: &str, words: &str) -> Vec<u8> {
        // Recipients come last, so the output goes first.
        let (command, rest) = words.split_once(' ').unwrap();
        let said = self.say(&format!("{command} -out {{{file}}} {rest}"));
        assert!(said.ok, "{words}: {}", said.words);
        self.folder.get(file)
    }

    /// A key of its own making, and a certificate for it that it signed itself.
    pub(crate) fn stranger(&self, name: &str) {
        let key =
            format!("req -x509 -newkey rsa:2048 -nodes -subj /CN={name} -days 30 -keyout {{{name}.key}}");
        self.make(&format!("{name}.pem"), &key);
    }
}

/// Puts a certificate (DER) and its key into the folder as PEM files.
pub(crate) fn put_identity(openssl: &OpenSsl, name: &str, certificate: &[u8], key: &pki::key::RsaKey) {
    openssl.folder.put(&format!("{name}.pem"), pki::pem::encode("CERTIFICATE", certificate));
    openssl.folder.put(&format!("{name}.key"), key.to_pem().as_bytes());
}
