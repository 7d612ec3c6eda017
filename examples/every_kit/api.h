// Api: a vector search service for many tenants: HTTP requests, searches, writes, index builds, backups, limits, its
// caches by tenant, and what it says of itself.
#pragma once

#include <vector>

#include "cachescope/kits/backup.h"
#include "cachescope/kits/http.h"
#include "cachescope/kits/index_build.h"
#include "cachescope/kits/rate_limit.h"
#include "cachescope/kits/search.h"
#include "cachescope/kits/service.h"
#include "cachescope/kits/tenant_bounds.h"
#include "cachescope/kits/tenant_cache.h"
#include "cachescope/kits/vector_operations.h"
#include "registries.h"
#include "traffic.h"

namespace every_kit {

class Api {
 public:
  explicit Api(Registries& registries);
  void Turn(Traffic& traffic);

 private:
  void AnswerRequest(Traffic& traffic);
  void ReportState(Traffic& traffic);

  /// Tenants, data sets and endpoints come from users: beyond these bounds they are "other".
  cachescope::kits::TenantBounds bounds_;
  cachescope::kits::HttpKit http_;
  cachescope::kits::SearchKit search_;
  cachescope::kits::VectorOperationsKit vectors_;
  cachescope::kits::IndexKit index_;
  cachescope::kits::BackupKit backup_;
  cachescope::kits::RateLimitKit limits_;
  cachescope::kits::TenantCacheKit caches_;
  cachescope::kits::ServiceKit service_;
  /// Runs for some turns, so that a scrape sees it in progress.
  std::vector<cachescope::kits::IndexKit::Build> builds_;
  std::vector<cachescope::kits::HttpExchange> streams_;
};

}  // namespace every_kit
