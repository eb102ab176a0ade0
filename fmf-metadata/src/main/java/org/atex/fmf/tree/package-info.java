/** Reads trees of fmf metadata from files into immutable nodes. */
@NullMarked
package org.atex.fmf.tree;

import org.jspecify.annotations.NullMarked;
