//! Response codes and their words.

const WORDS: [(&str, &str); 36] = [
    ("00", "成功"),
    ("01", "交易失败"),
    ("02", "系统未开放或暂时关闭"),
    ("03", "交易通讯超时，请发起查询交易"),
    ("04", "交易状态未明，请查询对账结果"),
    ("05", "交易已受理，请稍后查询交易结果"),
    ("06", "系统繁忙，请稍后再试"),
    ("10", "报文格式错误"),
    ("11", "验证签名失败"),
    ("12", "重复交易"),
    ("13", "报文交易要素缺失"),
    ("30", "交易未通过，请尝试使用其他银联卡支付"),
    ("31", "商户状态不正确"),
    ("32", "无此交易权限"),
    ("33", "交易金额超限"),
    ("34", "查无此交易"),
    ("35", "原交易不存在或状态不正确"),
    ("36", "与原交易信息不符"),
    ("37", "已超过最大查询次数或操作过于频繁"),
    ("38", "风险受限"),
    ("39", "交易不在受理时间范围内"),
    ("42", "扣款成功但交易超过规定支付时间"),
    ("43", "无此业务权限"),
    ("44", "输入号码错误或暂未开通此项业务"),
    ("60", "交易失败，详情请咨询发卡行"),
    ("61", "输入的卡号无效"),
    ("62", "发卡银行不支持该商户"),
    ("63", "卡状态不正确"),
    ("64", "卡上的余额不足"),
    ("65", "输入的密码、有效期或CVN2有误"),
    ("66", "持卡人身份信息或手机号输入不正确"),
    ("67", "密码输入次数超限"),
    ("73", "支付卡已超过有效期"),
    ("98", "文件不存在"),
    ("99", "通用错误"),
    ("A6", "有缺陷的成功"),
];

/// Whether it is a code that is played here.
pub(crate) fn is_known(code: &str) -> bool {
    words_of(code).is_some()
}

fn words_of(code: &str) -> Option<&'static str> {
    WORDS.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
}

/// `respMsg`: words, perhaps what they are about, and seven digits in brackets.
pub(crate) fn message(code: &str, about: &str) -> String {
    let words = words_of(code).unwrap_or("通用错误");
    match code {
        "00" => format!("{words}[0000000]"),
        "11" => "Signature verification failed[9100004]".to_owned(),
        _ if about.is_empty() => format!("{words}[{code}00000]"),
        _ => format!("{words}：{about}[{code}00000]"),
    }
}
