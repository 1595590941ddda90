//! The 28 kinds of discrepancies (差错), and what is done first about each.

/// A kind of discrepancy. What each means to the fen stands in `docs/recon-benchmark.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiscrepancyCode {
    /// 文件缺失或迟到.
    F01,
    /// 文件损坏, 哈希不符, 或不是这一天这个商户的.
    F02,
    /// 合计不符.
    F03,
    /// 重复文件或重复行.
    F04,
    /// 行解析失败.
    F05,
    /// 平台漏单 (长款): the rail has it, we know no such order.
    L01,
    /// 掉单: the rail has it, our payment was not paid yet.
    L02,
    /// 短款: we say paid, the statement has nothing.
    L03,
    /// 金额不符, 平台大于渠道.
    L04,
    /// 金额不符, 渠道大于平台.
    L05,
    /// 元分错位: the ratio is exactly 100.
    L06,
    /// 同单两笔: two transactions of one order.
    L07,
    /// 同缴款码两单: two orders paid one notice.
    L08,
    /// 商户号, 应用号或单号不符.
    L09,
    /// 关单后到账.
    L10,
    /// 日切差: in our ledger on another day.
    L11,
    /// 退款渠道无: we say that it is back, the statement has nothing.
    R01,
    /// 退款平台无: a refund that we did not send, or that came to nothing by our books.
    R02,
    /// 退款金额不符或超退.
    R03,
    /// 退款退回: the card is dead, the account closed.
    R04,
    /// 重复退款: two refunds of the rail for one of ours.
    R05,
    /// 手续费差: beside the agreed rate.
    C01,
    /// 应到未到: a payout that is due was not credited.
    B01,
    /// 到账不明 (待查): a credit that is no payout's.
    B02,
    /// 到账金额差.
    B03,
    /// 入错账户或科目.
    B04,
    /// 已缴未销账: paid, and the agency does not know.
    A01,
    /// 已销账未缴, 票据无款: the agency or a receipt says paid, and no money is there.
    A02,
}

/// What is known of a code before anything is known of the case.
struct Facts {
    text: &'static str,
    name: &'static str,
    owner: &'static str,
    first_action: &'static str,
    due_minutes: i64,
}

impl DiscrepancyCode {
    /// Every code: files, payments, refunds, fees, bank, agencies.
    pub const ALL: [Self; 28] = [
        Self::F01,
        Self::F02,
        Self::F03,
        Self::F04,
        Self::F05,
        Self::L01,
        Self::L02,
        Self::L03,
        Self::L04,
        Self::L05,
        Self::L06,
        Self::L07,
        Self::L08,
        Self::L09,
        Self::L10,
        Self::L11,
        Self::R01,
        Self::R02,
        Self::R03,
        Self::R04,
        Self::R05,
        Self::C01,
        Self::B01,
        Self::B02,
        Self::B03,
        Self::B04,
        Self::A01,
        Self::A02,
    ];

    const fn facts(self) -> Facts {
        let (text, name, owner, first_action, due_minutes) = match self {
            Self::F01 => {
                ("F01", "对账文件缺失或迟到", "OPERATOR", "重新获取文件；仍缺失时通知渠道值班", 120)
            }
            Self::F02 => ("F02", "对账文件损坏或不符", "OPERATOR", "保留原件并重新获取文件", 120),
            Self::F03 => {
                ("F03", "对账文件合计不符", "CHECKER", "停用这份文件，与出具方核对合计", 240)
            }
            Self::F04 => {
                ("F04", "对账文件或明细重复", "CLERK", "确认重复后忽略；内容不同则人工核对", 480)
            }
            Self::F05 => ("F05", "明细无法解析", "CLERK", "对照原文修正这一行并重放", 240),
            Self::L01 => {
                ("L01", "平台漏单（长款）", "CLERK", "按订单号和渠道流水号查找；查不到则退款", 480)
            }
            Self::L02 => (
                "L02",
                "渠道已收、平台未成功（掉单）",
                "CLERK",
                "向渠道查询后按渠道结果补记，并推送销账",
                60,
            ),
            Self::L03 => (
                "L03",
                "平台已收、渠道没有（短款）",
                "CHECKER",
                "向渠道查询；暂停这笔订单的退款",
                240,
            ),
            Self::L04 => {
                ("L04", "金额不符：平台大于渠道", "CHECKER", "核对订单金额，与渠道确认实收", 240)
            }
            Self::L05 => {
                ("L05", "金额不符：渠道大于平台", "CHECKER", "核对订单金额，多收部分提出退款", 240)
            }
            Self::L06 => ("L06", "元分错位", "OPERATOR", "停用这个渠道的金额换算并人工核对", 60),
            Self::L07 => ("L07", "重复支付：同单两笔", "CLERK", "后一笔提出退款", 480),
            Self::L08 => ("L08", "重复支付：同一缴款单两单", "CLERK", "后一单提出退款", 480),
            Self::L09 => (
                "L09",
                "商户号、应用号或单号不符",
                "CHECKER",
                "停止处理这一行，与渠道核对归属",
                240,
            ),
            Self::L10 => {
                ("L10", "关单后到账", "CLERK", "缴款单仍可缴且金额一致则认账，否则退款", 240)
            }
            Self::L11 => ("L11", "日切差", "CLERK", "结转，待另一日的对账单印证", 1440),
            Self::R01 => {
                ("R01", "平台已退、渠道没有", "CLERK", "查询退款；以同一退款单号重新提交", 240)
            }
            Self::R02 => {
                ("R02", "渠道退款、平台没有", "CHECKER", "查明是否在渠道后台人工退款", 240)
            }
            Self::R03 => {
                ("R03", "退款金额不符或超退", "CHECKER", "冻结这笔订单的退款并人工核对", 240)
            }
            Self::R04 => ("R04", "退款退回（账户异常）", "CLERK", "联系缴款人，改退其他账户", 1440),
            Self::R05 => ("R05", "重复退款", "CHECKER", "与渠道核对并追回后一笔", 240),
            Self::C01 => ("C01", "手续费与约定费率不符", "FINANCE", "累计后与渠道结算", 4320),
            Self::B01 => ("B01", "应到未到", "FINANCE", "向清算银行催收", 240),
            Self::B02 => ("B02", "到账不明（待查）", "FINANCE", "查明来款后认领或退回", 1440),
            Self::B03 => (
                "B03",
                "到账金额不符",
                "FINANCE",
                "以手续费或退款解释差额，解释不了则人工核对",
                1440,
            ),
            Self::B04 => ("B04", "入错账户或收入科目", "FINANCE", "提出调账", 1440),
            Self::A01 => ("A01", "已缴未销账", "CLERK", "以同一编号重新推送销账", 60),
            Self::A02 => {
                ("A02", "已销账未缴或票据无款", "CHECKER", "与执收单位核对，必要时冲红票据", 1440)
            }
        };
        Facts { text, name, owner, first_action, due_minutes }
    }

    /// The code as text, and what staff call it.
    pub const fn words(self) -> (&'static str, &'static str) {
        let facts = self.facts();
        (facts.text, facts.name)
    }

    /// The role whose desk it lands on first (`CLERK`, `CHECKER`, `FINANCE`, `OPERATOR`).
    pub const fn owner(self) -> &'static str {
        self.facts().owner
    }

    /// What to do first, for staff.
    pub const fn first_action(self) -> &'static str {
        self.facts().first_action
    }

    /// So long after it was found the first action must be done.
    pub const fn due_minutes(self) -> i64 {
        self.facts().due_minutes
    }

    /// The code whose text is `text`.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.words().0 == text)
    }
}
