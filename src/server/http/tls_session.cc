#include "server/http/tls_session.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

#include "server/http/token.h"

namespace cachescope::http {
namespace {

constexpr std::size_t kMaxContexts = 64;

// OpenSSL's newest reason in lower case; empties the queue of the thread.
std::string OpenSslReason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return code == 0 ? "connection broke" : reason != nullptr ? ToLowerAscii(reason) : "error " + std::to_string(code);
}

// Distinguishes options and the present state of their files.
std::string Fingerprint(const TlsOptions& options) {
  std::string key = options.insecure_skip_verify ? "insecure" : "verify";
  key += std::to_string(options.min_version) + "-" + std::to_string(options.max_version);
  for (const std::string* text : {&options.ca, &options.cert, &options.key}) key += '\0' + *text;
  for (const std::string* file : {&options.ca_file, &options.cert_file, &options.key_file}) {
    struct stat info {};
    key += '\0' + *file;
    if (!file->empty() && ::stat(file->c_str(), &info) == 0) {
      key += '\0' + std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + "/" +
             std::to_string(info.st_size) + "/" + std::to_string(info.st_ino);
    }
  }
  return key;
}

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

BioPtr ReadOnly(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(std::min<std::size_t>(text.size(), 1 << 20))), BIO_free};
}

// Certificates of a PEM text, in order.
std::vector<std::shared_ptr<X509>> CertificatesOf(const std::string& pem) {
  std::vector<std::shared_ptr<X509>> out;
  const BioPtr bio = ReadOnly(pem);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) out.emplace_back(one, X509_free);
  ERR_clear_error();
  return out;
}

Status LoadAuthorities(SSL_CTX* context, const TlsOptions& options) {
  if (!options.ca.empty()) {
    const auto certificates = CertificatesOf(options.ca);
    if (certificates.empty()) return InvalidArgument("cannot load CA certificates: the text has none");
    for (const auto& one : certificates) X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get());
    return {};
  }
  if (options.ca_file.empty()) {
    if (!options.insecure_skip_verify) SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  if (SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) == 1) return {};
  return InvalidArgument("cannot load CA certificates from " + options.ca_file + ": " + OpenSslReason());
}

Status LoadCertificate(SSL_CTX* context, const TlsOptions& options) {
  if (options.cert.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) == 1) return {};
    return InvalidArgument("cannot load certificate from " + options.cert_file + ": " + OpenSslReason());
  }
  const auto chain = CertificatesOf(options.cert);
  if (chain.empty() || SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return InvalidArgument("cannot load certificate: the text has none");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) return InvalidArgument("TLS: " + OpenSslReason());
  }
  return {};
}

Status LoadKey(SSL_CTX* context, const TlsOptions& options) {
  bool loaded = false;
  if (options.key.empty()) {
    loaded = SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  } else {
    const BioPtr bio = ReadOnly(options.key);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    loaded = key != nullptr && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  }
  if (loaded && SSL_CTX_check_private_key(context) == 1) return {};
  const std::string where = options.key.empty() ? " from " + options.key_file : std::string();
  return InvalidArgument("cannot load key" + where + ": " + OpenSslReason());
}

Status LoadFiles(SSL_CTX* context, const TlsOptions& options) {
  CACHESCOPE_RETURN_IF_ERROR(LoadAuthorities(context, options));
  const bool has_cert = !options.cert_file.empty() || !options.cert.empty();
  const bool has_key = !options.key_file.empty() || !options.key.empty();
  if (has_cert != has_key) {
    return InvalidArgument("cannot use a client certificate: needs both the certificate and the key file");
  }
  if (!has_cert) return {};
  CACHESCOPE_RETURN_IF_ERROR(LoadCertificate(context, options));
  return LoadKey(context, options);
}

Result<std::shared_ptr<SSL_CTX>> MakeContext(const TlsOptions& options) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return Unavailable("TLS: " + OpenSslReason());
  SSL_CTX_set_min_proto_version(context.get(), options.min_version);
  SSL_CTX_set_max_proto_version(context.get(), options.max_version);
  SSL_CTX_set_verify(context.get(), options.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  CACHESCOPE_RETURN_IF_ERROR(LoadFiles(context.get(), options));
  return context;
}

bool IsIpLiteral(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

// The name the certificate must carry, and SNI, which is for names only.
bool ExpectName(SSL* ssl, const std::string& name) {
  if (IsIpLiteral(name)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  return SSL_set1_host(ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

}  // namespace

Result<std::shared_ptr<SSL_CTX>> TlsContext(const TlsOptions& options) {
  static std::mutex mu;
  static auto* const cache = new std::map<std::string, std::shared_ptr<SSL_CTX>>;  // used until the very end
  const std::string key = Fingerprint(options);
  {
    const std::lock_guard lock(mu);
    const auto found = cache->find(key);
    if (found != cache->end()) return found->second;
  }
  CACHESCOPE_ASSIGN_OR_RETURN(std::shared_ptr<SSL_CTX> context, MakeContext(options));
  const std::lock_guard lock(mu);
  if (cache->size() >= kMaxContexts) cache->clear();
  cache->insert_or_assign(key, context);
  return context;
}

Result<std::unique_ptr<TlsSession>> TlsSession::New(std::shared_ptr<SSL_CTX> context, const std::string& host,
                                                    const TlsOptions& options) {
  ERR_clear_error();
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(context)));
  session->ssl_ = SSL_new(session->context_.get());
  BIO* const incoming = BIO_new(BIO_s_mem());
  BIO* const outgoing = BIO_new(BIO_s_mem());
  if (session->ssl_ == nullptr || incoming == nullptr || outgoing == nullptr) {
    BIO_free(incoming);
    BIO_free(outgoing);
    return Unavailable("TLS: " + OpenSslReason());
  }
  BIO_set_mem_eof_return(incoming, -1);  // empty means "later", not "end"
  SSL_set_bio(session->ssl_, incoming, outgoing);
  if (!ExpectName(session->ssl_, options.server_name.empty() ? host : options.server_name)) {
    return Unavailable("TLS: bad server name");
  }
  SSL_set_connect_state(session->ssl_);
  return session;
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

Status TlsSession::Failure() const {
  const long verdict = SSL_get_verify_result(ssl_);
  if (verdict != X509_V_OK && SSL_get_verify_mode(ssl_) != SSL_VERIFY_NONE) {
    ERR_clear_error();
    return Unavailable(std::string("TLS: certificate verification failed: ") + X509_verify_cert_error_string(verdict));
  }
  return Unavailable("TLS: " + OpenSslReason());
}

Result<bool> TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return true;
  if (SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ) return false;
  return Failure();
}

void TlsSession::Feed(std::string_view encrypted) {
  // A memory BIO takes everything; reads are at most 64 KiB, far below INT_MAX.
  BIO_write(SSL_get_rbio(ssl_), encrypted.data(), static_cast<int>(encrypted.size()));
}

std::string TlsSession::TakeOutput() {
  std::string output(BIO_ctrl_pending(SSL_get_wbio(ssl_)), '\0');
  const int taken = output.empty() ? 0 : BIO_read(SSL_get_wbio(ssl_), output.data(), static_cast<int>(output.size()));
  output.resize(static_cast<std::size_t>(std::max(taken, 0)));
  return output;
}

Status TlsSession::Write(std::string_view plain) {
  if (plain.empty()) return {};
  ERR_clear_error();
  std::size_t written = 0;
  // Without partial writes and with a memory BIO, one call takes all.
  if (SSL_write_ex(ssl_, plain.data(), plain.size(), &written) != 1) return Failure();
  return {};
}

Result<std::size_t> TlsSession::Read(char* plain, std::size_t size) {
  ERR_clear_error();
  std::size_t count = 0;
  if (SSL_read_ex(ssl_, plain, size, &count) == 1) return count;
  switch (SSL_get_error(ssl_, 0)) {
    case SSL_ERROR_WANT_READ:
      return std::size_t{0};
    case SSL_ERROR_ZERO_RETURN:
      closed_ = true;
      return std::size_t{0};
    default:
      return Failure();
  }
}

}  // namespace cachescope::http
