//! What Apple sells, as far as practice goes: a few real models of each family.

use serde::{Deserialize, Serialize};

/// Apple's product families, in the words of `device_family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Family {
    /// `iPhone`
    #[serde(rename = "iPhone")]
    IPhone,
    /// `iPad`
    #[serde(rename = "iPad")]
    IPad,
    /// `Mac`
    Mac,
    /// `AppleTV`
    #[serde(rename = "AppleTV")]
    AppleTv,
    /// `Vision`
    Vision,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 5] = [Self::IPhone, Self::IPad, Self::Mac, Self::AppleTv, Self::Vision];

    /// The value of `device_family`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::IPhone => "iPhone",
            Self::IPad => "iPad",
            Self::Mac => "Mac",
            Self::AppleTv => "AppleTV",
            Self::Vision => "Vision",
        }
    }

    /// The value of `os`. `iPadOS` exists from protocol version 7 on; before, an iPad runs `iOS`.
    pub const fn os(self, protocol_version: u32) -> &'static str {
        match self {
            Self::IPhone => "iOS",
            Self::IPad if protocol_version >= 7 => "iPadOS",
            Self::IPad => "iOS",
            Self::Mac => "OSX",
            Self::AppleTv => "tvOS",
            Self::Vision => "visionOS",
        }
    }

    /// Whether Activation Lock exists for the family.
    pub const fn has_activation_lock(self) -> bool {
        !matches!(self, Self::AppleTv)
    }

    /// Whether devices of the family have a telephone radio, and so an IMEI.
    pub const fn has_cellular(self) -> bool {
        matches!(self, Self::IPhone)
    }

    /// Whether devices of the family have an Ethernet address of their own.
    pub const fn has_ethernet(self) -> bool {
        matches!(self, Self::Mac | Self::AppleTv)
    }
}

/// One model that practice Apple sells.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    /// The family.
    pub family: Family,
    /// The value of `model`, such as `iPad Wi-Fi 64GB`.
    pub model: &'static str,
    /// The value of `description`.
    pub description: &'static str,
    /// The value of `color`.
    pub color: &'static str,
    /// The hardware identifier a device tells in MachineInfo, such as `iPad13,18`.
    pub product_type: &'static str,
}

macro_rules! product {
    ($family:ident, $model:literal, $color:literal, $product_type:literal) => {
        Product {
            family: Family::$family,
            model: $model,
            description: concat!($model, "-", $color),
            color: $color,
            product_type: $product_type,
        }
    };
}

/// Everything on the shelf. The first of a family is what an order without a model gets.
pub static PRODUCTS: &[Product] = &[
    product!(IPhone, "iPhone 16 128GB", "Black", "iPhone17,3"),
    product!(IPhone, "iPhone 16 Pro 256GB", "Natural Titanium", "iPhone17,1"),
    product!(IPhone, "iPhone SE 64GB", "Starlight", "iPhone14,6"),
    product!(IPad, "iPad Wi-Fi 64GB", "Silver", "iPad13,18"),
    product!(IPad, "iPad Air 11-inch Wi-Fi 128GB", "Space Gray", "iPad14,8"),
    product!(IPad, "iPad Pro 13-inch Wi-Fi 256GB", "Space Black", "iPad16,5"),
    product!(Mac, "MacBook Air 13-inch", "Midnight", "Mac15,12"),
    product!(Mac, "MacBook Pro 14-inch", "Space Black", "Mac16,1"),
    product!(Mac, "Mac mini", "Silver", "Mac16,10"),
    product!(AppleTv, "Apple TV 4K 128GB", "Black", "AppleTV14,1"),
    product!(Vision, "Apple Vision Pro 256GB", "Silver", "RealityDevice14,1"),
];

/// The product of that family and model name; without a name, the first of the family.
pub fn product(family: Family, model: Option<&str>) -> Option<&'static Product> {
    PRODUCTS
        .iter()
        .filter(|product| product.family == family)
        .find(|product| model.is_none_or(|wanted| product.model.eq_ignore_ascii_case(wanted)))
}
