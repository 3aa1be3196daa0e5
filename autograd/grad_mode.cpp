#include "autograd/grad_mode.h"

namespace eps {
namespace {
thread_local bool recording = true;
thread_local bool anomalies = false;
thread_local bool call_sites_remembered = false;
}  // namespace

bool grad_enabled() { return recording; }
GradMode::GradMode(bool enabled) : before_(recording) { recording = enabled; }
GradMode::~GradMode() { recording = before_; }

AnomalyMode::AnomalyMode(CallSites call_sites)
    : enabled_before_(anomalies), remembered_before_(call_sites_remembered) {
    anomalies = true;
    call_sites_remembered = call_sites == CallSites::remembered;
}
AnomalyMode::~AnomalyMode() {
    anomalies = enabled_before_;
    call_sites_remembered = remembered_before_;
}
bool AnomalyMode::enabled() { return anomalies; }
bool AnomalyMode::remembers_call_sites() { return call_sites_remembered; }

}  // namespace eps
