import { defineQuery, defineSignal } from '@temporalio/workflow'
import {
  CANCEL_SIGNAL,
  PAUSE_SIGNAL,
  PROGRESS_QUERY,
  RESUME_SIGNAL,
  type Progress,
  type SteeringMessage,
} from './contract/messages.ts'

export const pauseSignal = defineSignal<[SteeringMessage?]>(PAUSE_SIGNAL)
export const resumeSignal = defineSignal<[SteeringMessage?]>(RESUME_SIGNAL)
export const cancelSignal = defineSignal<[SteeringMessage?]>(CANCEL_SIGNAL)
export const progressQuery = defineQuery<Progress>(PROGRESS_QUERY)
