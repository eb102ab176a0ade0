/** Results as JSON Lines and as YAML documents, with files; and to several places at once. */
@NullMarked
package org.atex.jsonl;

import org.jspecify.annotations.NullMarked;
