#pragma once
// Whether operations are recorded. The setting is thread-local.
namespace eps {

bool grad_enabled();

/// Sets recording for a scope.
class GradMode {
public:
    explicit GradMode(bool enabled);
    ~GradMode();
    GradMode(const GradMode&) = delete;
    GradMode& operator=(const GradMode&) = delete;

private:
    bool before_;
};

/// `NoGrad guard;`: nothing is recorded until the end of the scope.
class NoGrad : public GradMode {
public:
    NoGrad() : GradMode(false) {}
};

/// Whether anomaly mode remembers where ops were called. Finding the source lines takes a second.
enum class CallSites { remembered, forgotten };

/// While one lives, backward throws at the first NaN or infinity in a gradient. The error names the
/// op whose backward computed it and, unless call sites are forgotten, the source line that called
/// the op.
class AnomalyMode {
public:
    explicit AnomalyMode(CallSites call_sites = CallSites::remembered);
    ~AnomalyMode();
    AnomalyMode(const AnomalyMode&) = delete;
    AnomalyMode& operator=(const AnomalyMode&) = delete;
    static bool enabled();
    static bool remembers_call_sites();

private:
    bool enabled_before_, remembered_before_;
};

}  // namespace eps
