"""Code -> the fields of its Entry, but the pack. By scripts/generate_index.py."""

INDEX: dict[str, tuple[str, str, str, str, tuple[str, ...], str, bool, str, bool]] = {
    'TFL000': ('rule-crashed', 'tflint.notices.rule_crashed', 'rule_crashed', 'Notice', (), 'stable', False, 'graph', True),
    'TFL001': ('check-crashed', 'tflint.notices.check_crashed', 'check_crashed', 'Notice', (), 'stable', False, 'graph', True),
    'TFL002': ('unused-suppression', 'tflint.notices.unused_suppression', 'unused_suppression', 'Notice', (), 'stable', False, 'graph', False),
    'TFL003': ('expired-suppression', 'tflint.notices.expired_suppression', 'expired_suppression', 'Notice', (), 'stable', False, 'graph', False),
    'TFL004': ('stale-baseline-entry', 'tflint.notices.stale_baseline_entry', 'stale_baseline_entry', 'Notice', (), 'stable', False, 'graph', False),
}
