/** fmf trees: files in, immutable nodes out. */
@NullMarked
package org.atex.fmf.tree;

import org.jspecify.annotations.NullMarked;
