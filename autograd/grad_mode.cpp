#include "autograd/grad_mode.h"

namespace eps {
namespace {
thread_local bool recording = true;
thread_local bool anomalies = false;
}  // namespace

bool grad_enabled() { return recording; }
GradMode::GradMode(bool enabled) : before_(recording) { recording = enabled; }
GradMode::~GradMode() { recording = before_; }

AnomalyMode::AnomalyMode() : before_(anomalies) { anomalies = true; }
AnomalyMode::~AnomalyMode() { anomalies = before_; }
bool AnomalyMode::enabled() { return anomalies; }

}  // namespace eps
