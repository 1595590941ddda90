// Where the province's service is. Both addresses belong to the lists of allowed domains
// (request 合法域名, socket 合法域名) in the platform's console.
module.exports = {
  url: 'https://api.example.gov.cn/graphql',
  socketUrl: 'wss://api.example.gov.cn/graphql',
  /** GB/T 2260 of the province. */
  region: '330000',
};
