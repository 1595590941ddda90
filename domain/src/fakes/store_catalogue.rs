//! Versions of the catalogue and searches in vain, in memory.

use super::InMemoryStore;
use super::store_staff::append_audit;
use crate::catalogue::{
    AppDefinition, AppDraft, AppSlug, CatalogueVersion, CatalogueVersions, KnownForm, Miss,
    NewVersion, PastForms, SearchMisses, VersionHead,
};
use crate::identity::AuditRecord;
use crate::outside::StoreError;
use async_trait::async_trait;

/// What the catalogue keeps.
#[derive(Debug, Default)]
pub(super) struct CatalogueTables {
    versions: Vec<CatalogueVersion>,
    forms: Vec<KnownForm>,
    drafts: Vec<AppDraft>,
    misses: Vec<Miss>,
}

#[async_trait]
impl CatalogueVersions for InMemoryStore {
    async fn newest_version(&self) -> Result<Option<u32>, StoreError> {
        self.call(|t| Ok(t.catalogue.versions.iter().map(|version| version.head.number).max()))
    }

    async fn find_version(&self, number: u32) -> Result<Option<CatalogueVersion>, StoreError> {
        self.call(|t| {
            let mut versions = t.catalogue.versions.iter();
            Ok(versions.find(|version| version.head.number == number).cloned())
        })
    }

    async fn list_versions(
        &self,
        before: Option<u32>,
        limit: u16,
    ) -> Result<Vec<VersionHead>, StoreError> {
        self.call(|t| {
            let mut heads: Vec<VersionHead> =
                t.catalogue.versions.iter().map(|version| version.head.clone()).collect();
            heads.retain(|head| before.is_none_or(|edge| head.number < edge));
            heads.sort_by_key(|head| std::cmp::Reverse(head.number));
            heads.truncate(usize::from(limit));
            Ok(heads)
        })
    }

    async fn was_published(&self, digest: &str) -> Result<bool, StoreError> {
        self.call(|t| Ok(t.catalogue.versions.iter().any(|version| version.head.digest == digest)))
    }

    async fn publish_version(&self, new: &NewVersion) -> Result<(), StoreError> {
        self.call(|t| {
            let number = new.version.head.number;
            if t.catalogue.versions.iter().any(|version| version.head.number == number) {
                return Err(StoreError::Conflict);
            }
            t.catalogue.versions.push(new.version.clone());
            for form in &new.forms {
                let key = (&form.app, form.form_version);
                t.catalogue.forms.retain(|known| (&known.app, known.form_version) != key);
                t.catalogue.forms.push(form.clone());
            }
            let same = |draft: &AppDraft| {
                new.drafts.iter().any(|gone| gone.path == draft.path && gone.at == draft.at)
            };
            t.catalogue.drafts.retain(|draft| !same(draft));
            append_audit(t, &new.audit);
            Ok(())
        })
    }

    async fn list_forms(&self) -> Result<Vec<KnownForm>, StoreError> {
        self.call(|t| Ok(t.catalogue.forms.clone()))
    }

    async fn find_form(
        &self,
        app: &AppSlug,
        form_version: u32,
    ) -> Result<Option<KnownForm>, StoreError> {
        self.call(|t| {
            let mut forms = t.catalogue.forms.iter();
            Ok(forms.find(|f| f.app == *app && f.form_version == form_version).cloned())
        })
    }

    async fn list_app_drafts(&self) -> Result<Vec<AppDraft>, StoreError> {
        self.call(|t| {
            let mut drafts = t.catalogue.drafts.clone();
            drafts.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(drafts)
        })
    }

    async fn save_app_draft(
        &self,
        draft: &AppDraft,
        audit: &AuditRecord,
    ) -> Result<(), StoreError> {
        self.call(|t| {
            t.catalogue.drafts.retain(|known| known.path != draft.path);
            t.catalogue.drafts.push(draft.clone());
            append_audit(t, audit);
            Ok(())
        })
    }

    async fn discard_app_draft(&self, path: &str, audit: &AuditRecord) -> Result<bool, StoreError> {
        self.call(|t| {
            let before = t.catalogue.drafts.len();
            t.catalogue.drafts.retain(|known| known.path != path);
            let gone = t.catalogue.drafts.len() < before;
            if gone {
                append_audit(t, audit);
            }
            Ok(gone)
        })
    }
}

#[async_trait]
impl SearchMisses for InMemoryStore {
    async fn add_misses(&self, misses: &[Miss]) -> Result<(), StoreError> {
        self.call(|t| {
            for miss in misses {
                match t.catalogue.misses.iter_mut().find(|known| known.text == miss.text) {
                    Some(known) => {
                        known.times += miss.times;
                        known.last = known.last.max(miss.last);
                    }
                    None => t.catalogue.misses.push(miss.clone()),
                }
            }
            Ok(())
        })
    }

    async fn list_misses(&self, limit: u16) -> Result<Vec<Miss>, StoreError> {
        self.call(|t| {
            let mut misses = t.catalogue.misses.clone();
            misses.sort_by(|a, b| {
                (b.times, b.last).cmp(&(a.times, a.last)).then_with(|| a.text.cmp(&b.text))
            });
            misses.truncate(usize::from(limit));
            Ok(misses)
        })
    }
}

/// Apps as they were with forms that are no longer published.
#[derive(Default)]
pub struct KeptForms(pub Vec<AppDefinition>);

#[async_trait]
impl PastForms for KeptForms {
    async fn past_form(
        &self,
        app: &AppSlug,
        form_version: u32,
    ) -> Result<Option<AppDefinition>, StoreError> {
        let mut kept = self.0.iter();
        Ok(kept.find(|kept| kept.slug == *app && kept.form_version == form_version).cloned())
    }
}
