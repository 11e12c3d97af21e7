"""Parameters of `tflint check`: kind, whether it may be given several times, default, spellings.

By scripts/generate_arguments.py. One of kind "" is read by typer alone.
"""

from typing import Any

CHECK: dict[str, tuple[str, bool, Any, tuple[str, ...]]] = {
    'paths': ('text', True, None, ()),
    'target': ('text', True, None, ('--target', '-t')),
    'select': ('text', False, None, ('--select',)),
    'ignore': ('text', False, None, ('--ignore',)),
    'extend_select': ('text', False, None, ('--extend-select',)),
    'preview': ('flag', False, False, ('--preview',)),
    'deep': ('flag', False, False, ('--deep',)),
    'per_file_ignores': ('text', True, None, ('--per-file-ignores',)),
    'rule_option': ('text', True, None, ('-x',)),
    'max_file_size': ('text', False, None, ('--max-file-size',)),
    'fail_on': ('text', False, None, ('--fail-on',)),
    'baseline': ('path', False, None, ('--baseline',)),
    'write_baseline': ('flag', False, False, ('--write-baseline',)),
    'prune_baseline': ('flag', False, False, ('--prune-baseline',)),
    'changed_since': ('text', False, None, ('--changed-since',)),
    'resume': ('path', False, None, ('--resume',)),
    'jobs': ('number', False, None, ('--jobs', '-j')),
    'scheduler': ('text', False, 'processes', ('--scheduler',)),
    'exit_zero': ('flag', False, False, ('--exit-zero',)),
    'error_on_empty': ('flag', False, False, ('--error-on-empty',)),
    'output_format': ('text', False, 'full', ('--output-format', '-f')),
    'output': ('path', False, None, ('-o',)),
    'report': ('text', True, None, ('--report',)),
    'config': ('text', True, None, ('--config',)),
    'contract': ('path', False, None, ('--contract',)),
    'isolated': ('flag', False, False, ('--isolated',)),
    'force_exclude': ('flag', False, False, ('--force-exclude',)),
    'show_suppressed': ('flag', False, False, ('--show-suppressed',)),
    'statistics': ('flag', False, False, ('--statistics',)),
    'timing': ('flag', False, False, ('--timing',)),
    'color': ('text', False, 'auto', ('--color',)),
    'quiet': ('flag', False, False, ('--quiet', '-q')),
    'verbose': ('flag', False, False, ('--verbose', '-v')),
}
