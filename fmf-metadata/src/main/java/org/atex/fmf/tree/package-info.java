/** fmf trees: files in, immutable nodes out. */
@NullMarked
@Stable
package org.atex.fmf.tree;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
